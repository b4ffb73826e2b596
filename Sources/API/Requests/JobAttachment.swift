// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

/// What a job's record carries for those who answer for it.
struct JobAttachment: Codable {
    /// What the addresses in the webhook start with.
    var base: String
    /// Whether the result has its pictures in it.
    var base64: Bool
    /// How many pictures there will be.
    var samples: Int
    /// What of the request was not understood.
    var warnings: [String]
    /// The other API the request was sent in, in whose words its end is told.
    var surface: Surface?

    /// The attachment as text.
    func text() throws -> String {
        String(decoding: try JSONEncoder().encode(self), as: UTF8.self)
    }
}

extension Job {
    /// The attachment, as far as it can be read: a job may have been submitted by another program.
    var details: JobAttachment {
        (try? JSONDecoder().decode(JobAttachment.self, from: Data(attachment.utf8)))
            ?? JobAttachment(base: "", base64: false, samples: 1, warnings: [])
    }
}
