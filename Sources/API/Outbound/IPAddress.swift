// SPDX-License-Identifier: Apache-2.0

import NIOCore

#if canImport(Darwin)
    import Darwin
#else
    import Glibc
#endif

/// An address of the Internet Protocol, version 4 or 6.
struct IPAddress: Hashable {
    /// Its 4 or 16 bytes.
    let bytes: [UInt8]
    /// As it is written.
    let text: String

    /// The address of a socket; `nil` for a socket that has none.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress, let bytes = Self.bytes(of: text) else { return nil }
        self.text = text
        self.bytes = bytes
    }

    private static func bytes(of text: String) -> [UInt8]? {
        for (family, count) in [(AF_INET, 4), (AF_INET6, 16)] {
            var bytes = [UInt8](repeating: 0, count: count)
            let isRead = unsafe bytes.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) } == 1
            if isRead { return bytes }
        }
        return nil
    }

    /// An address as it is written; `nil` for anything else.
    init?(_ text: String) {
        guard let address = try? SocketAddress(ipAddress: text, port: 0) else { return nil }
        self.init(address)
    }

    /// Whether it is this machine as it calls itself.
    var isLoopback: Bool {
        bytes.count == 4 ? bytes[0] == 127 : bytes == [UInt8](repeating: 0, count: 15) + [1]
    }

    /// Whether it is an address that anybody on the Internet reaches: none of this machine, of a private network, of a
    /// group, or kept for a special purpose.
    ///
    /// Sources: IANA's IPv4 and IPv6 Special-Purpose Address Registries. Addresses that stand for an IPv4 address are
    /// refused whatever that is: nobody needs them to name a server.
    var isPublic: Bool {
        switch bytes.count {
        case 4: !Self.special4.contains { $0.contains(bytes) }
        default: Self.global6.contains(bytes) && !Self.special6.contains { $0.contains(bytes) }
        }
    }

    /// The addresses that begin with the same bits.
    private struct Block {
        var start: [UInt8]
        var prefix: Int

        init(_ start: [UInt8], _ prefix: Int) {
            self.start = start
            self.prefix = prefix
        }

        func contains(_ bytes: [UInt8]) -> Bool {
            (0..<prefix).allSatisfy { bit in
                let mask = UInt8(0x80) >> (bit % 8)
                let expected = bit / 8 < start.count ? start[bit / 8] : 0
                return bytes[bit / 8] & mask == expected & mask
            }
        }
    }

    private static let special4 = [
        Block([0], 8),  // this network
        Block([10], 8),  // private
        Block([100, 64], 10),  // carriers' own
        Block([127], 8),  // loopback
        Block([169, 254], 16),  // link-local, and the metadata services of clouds
        Block([172, 16], 12),  // private
        Block([192, 0, 0], 24),  // protocol assignments
        Block([192, 0, 2], 24),  // documentation
        Block([192, 88, 99], 24),  // 6to4 relays
        Block([192, 168], 16),  // private
        Block([198, 18], 15),  // benchmarks
        Block([198, 51, 100], 24),  // documentation
        Block([203, 0, 113], 24),  // documentation
        Block([224], 4),  // multicast
        Block([240], 4),  // reserved, and broadcast
    ]

    /// All that is assigned to servers; what is outside (loopback, link-local, unique local, mapped IPv4, NAT64,
    /// multicast) is not public.
    private static let global6 = Block([0x20], 3)

    private static let special6 = [
        Block([0x20, 0x01, 0x00], 23),  // protocol assignments, with Teredo
        Block([0x20, 0x01, 0x0D, 0xB8], 32),  // documentation
        Block([0x20, 0x02], 16),  // 6to4
        Block([0x3F, 0xFF, 0x00], 20),  // documentation
    ]
}
