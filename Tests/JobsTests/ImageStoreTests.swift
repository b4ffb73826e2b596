// SPDX-License-Identifier: Apache-2.0

import ImageCodec
import Jobs
import Synchronization
import Testing

struct ImageStoreTests {
    private func image(_ byteCount: Int) -> StoredImage {
        StoredImage(bytes: [UInt8](repeating: 7, count: byteCount), format: .png)
    }

    @Test func `a picture is found by its name only`() {
        let store = MemoryImageStore()
        let id = store.store(image(3))
        #expect(store.image(id) == image(3))
        #expect(store.image(ImageID()) == nil)
    }

    @Test func `the oldest pictures go when there is no room`() {
        let store = MemoryImageStore(maxBytes: 10)
        let ids = [4, 4, 4].map { store.store(image($0)) }
        #expect(ids.map { store.image($0) != nil } == [false, true, true])
        let large = store.store(image(50))
        #expect(store.image(large) != nil)
        #expect(ids.allSatisfy { store.image($0) == nil })
    }

    @Test func `a picture goes when its time is over`() {
        let clock = ManualClock()
        let store = MemoryImageStore(lifetime: .seconds(60), clock: clock)
        let first = store.store(image(1))
        clock.advance(by: .seconds(59))
        let second = store.store(image(1))
        #expect(store.image(first) != nil)
        clock.advance(by: .seconds(1))
        #expect(store.image(first) == nil)
        #expect(store.image(second) != nil)
    }

    @Test func `a name is read back, and in one spelling only`() throws {
        let id = ImageID()
        #expect(id.description.count == 32)
        #expect(ImageID(id.description) == id)
        #expect(ImageID(String(repeating: "0", count: 32)) != nil)
        for wrong in ["", "0", "+" + String(repeating: "0", count: 31), String(repeating: "A", count: 32)] {
            #expect(ImageID(wrong) == nil)
        }
        #expect(Set((0..<100).map { _ in ImageID() }).count == 100)
    }
}

/// A clock that moves when told to.
final class ManualClock: Clock {
    struct Instant: InstantProtocol {
        var offset: Duration
        func advanced(by duration: Duration) -> Instant { Instant(offset: offset + duration) }
        func duration(to other: Instant) -> Duration { other.offset - offset }
        static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.offset < rhs.offset }
    }

    private let time = Mutex(Instant(offset: .zero))
    var now: Instant { time.withLock { $0 } }
    let minimumResolution = Duration.nanoseconds(1)

    func advance(by duration: Duration) { time.withLock { $0 = $0.advanced(by: duration) } }

    func sleep(until deadline: Instant, tolerance: Duration?) async throws {}
}
