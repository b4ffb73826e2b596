// SPDX-License-Identifier: Apache-2.0

package import Hummingbird

/// What is known about a request while it is answered.
package struct APIRequestContext: RequestContext {
    /// What the HTTP library keeps of a request.
    package var coreContext: CoreRequestContextStorage
    /// Names the request in its answer and in logs.
    package var requestID: String

    /// A request that has just come in, with an id of its own.
    package init(source: Source) {
        coreContext = .init(source: source)
        requestID = RequestIDMiddleware.makeRequestID()
    }
}
