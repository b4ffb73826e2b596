// SPDX-License-Identifier: Apache-2.0

/// An XMP packet that holds one property, `Iptc4xmpExt:DigitalSourceType`.
///
/// Sources: XMP specification part 1 (packet, RDF/XML) and the IPTC Photo Metadata Standard (property).
struct XMPPacket {
    var digitalSourceType: DigitalSourceType

    init(digitalSourceType: DigitalSourceType) {
        self.digitalSourceType = digitalSourceType
    }

    /// Finds the property in a packet written by any program; `nil` when it is absent or not a known term.
    ///
    /// RDF/XML allows the value as an attribute, as text and as `rdf:resource`. All three put the term's URI after the
    /// property's name, so the URI is looked for instead of parsing XML from strangers.
    init?(parsing bytes: [UInt8]) {
        guard let name = bytes.firstRange(of: Array("DigitalSourceType".utf8)) else { return nil }
        let rest = bytes[name.upperBound...]
        guard let vocabulary = rest.firstRange(of: Array(DigitalSourceType.vocabulary.utf8)) else { return nil }
        let term = rest[vocabulary.upperBound...].prefix {
            (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains($0) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        }
        guard let type = DigitalSourceType(rawValue: String(decoding: term, as: UTF8.self)) else { return nil }
        digitalSourceType = type
    }

    /// The packet as UTF-8.
    ///
    /// Read-only (`end="r"`), so no padding is needed for edits in place.
    var bytes: [UInt8] {
        let text = """
            <?xpacket begin="\u{FEFF}" id="W5M0MpCehiHzreSzNTczkc9d"?>
            <x:xmpmeta xmlns:x="adobe:ns:meta/">
              <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
                <rdf:Description rdf:about="" xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/">
                  <Iptc4xmpExt:DigitalSourceType>\(digitalSourceType.uri)</Iptc4xmpExt:DigitalSourceType>
                </rdf:Description>
              </rdf:RDF>
            </x:xmpmeta>
            <?xpacket end="r"?>
            """
        return Array(text.utf8)
    }
}
