// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

struct ImageIDTests {
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
