// SPDX-License-Identifier: Apache-2.0

package import Hummingbird
package import Jobs
import NIOCore

/// What is known about a request while it is answered.
package struct APIRequestContext: RequestContext {
    /// What the HTTP library keeps of a request.
    package var coreContext: CoreRequestContextStorage
    /// The name of the job that the request makes, if it makes one.
    package let jobID: JobID
    /// Names the request in its answer and in logs: the caller's own id, or that of the job.
    package var requestID: String
    /// The caller's place in a distributed trace, if it sent one.
    var trace: TraceContext?
    /// The connection the request came by; `nil` where there is none, as in tests.
    var connection: Connection?
    let channel: any Channel

    /// A request that has just come in, with an id of its own.
    package init(source: Source) {
        coreContext = .init(source: source)
        channel = source.channel
        jobID = JobID()
        requestID = jobID.description
    }

    /// Does `operation` as long as the caller is there.
    ///
    /// - Throws: ``CallerLeft`` as soon as the connection closes; the operation is cancelled then.
    func whileCallerWaits<Value: Sendable>(
        _ operation: @escaping @Sendable () async throws -> Value
    ) async throws -> Value {
        guard let connection else { return try await operation() }
        return try await connection.whileOpen(operation)
    }
}
