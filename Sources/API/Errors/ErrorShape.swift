// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import Jobs

/// In whose words an error is told: each API that this server speaks has its own.
protocol ErrorShape: Sendable {
    /// The schema of the JSON of an answer, for the description of this server.
    static var schema: JSONValue { get }
    /// What the API calls a field.
    func name(of field: ParameterName) -> String
    /// The status of an answer with this code.
    func status(of code: ErrorCode) -> HTTPResponse.Status
    /// The JSON of an answer.
    func body(of error: APIError, requestID: String) -> any Encodable
    /// Headers that the API's clients look for, beside those of all error answers.
    func headers(of error: APIError) -> HTTPFields
}

extension ErrorShape {
    func name(of field: ParameterName) -> String { field.rawValue }
    func status(of code: ErrorCode) -> HTTPResponse.Status { code.status }
    func headers(of error: APIError) -> HTTPFields { [:] }

    /// An endpoint whose errors are told in these words.
    func telling(
        _ endpoint: @escaping Router<APIRequestContext>.Endpoint
    ) -> Router<APIRequestContext>.Endpoint {
        { request, context in
            do {
                return try await endpoint(request, context)
            } catch {
                throw ShapedError(cause: error, shape: self)
            }
        }
    }
}

/// An error on its way to a caller of another API.
struct ShapedError: Error {
    let cause: any Error
    let shape: any ErrorShape
}

/// The words of this server's own API.
struct OwnErrorShape: ErrorShape {
    static let schema = OpenAPIDocument.reference("Error")

    func body(of error: APIError, requestID: String) -> any Encodable { ErrorResponse(error, requestID: requestID) }
}
