// SPDX-License-Identifier: Apache-2.0

import Hummingbird
import ImageCodec
import Jobs

/// The operations that make pictures.
extension OpenAPIDocument {
    /// What may be wrong with a request for pictures, whatever API it is sent in.
    static let submissionErrors: [ErrorCode] = [
        .invalidJSON, .invalidParameter, .invalidImage, .unsupportedContentType, .bodyTooLarge, .insufficientCredits,
        .spendLimitReached, .idempotencyMismatch, .expiredRequest, .rateLimited, .queueFull,
    ]

    /// What may become of one whose caller waits.
    static let waitErrors: [ErrorCode] = [
        .idempotencyInProgress, .requestCancelled, .tooManyWaits, .invalidOutput, .workerFailed, .timeout,
    ]

    var generationOperations: [OpenAPIOperation] {
        GenerationEndpoint.allCases.flatMap { [waiting($0), later($0)] }
    }

    private func waiting(_ endpoint: GenerationEndpoint) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .post,
            path: "/v1/\(endpoint.rawValue)",
            id: endpoint.operationID,
            tag: .pictures,
            summary: "\(endpoint.summary), and wait for them.",
            description: """
                With `Accept: image/…` and one sample, the answer is the file itself. A caller who disconnects cancels the \
                request and is not charged, unless the request was sent again or is kept (`x-keep-on-disconnect`).
                """,
            scope: .generate,
            parameters: [
                Self.idempotencyKey, Self.prefer, Self.keepOnDisconnect, Self.traceparent, Self.tracestate,
            ],
            body: body(endpoint),
            answers: [
                200: [
                    "description": "The pictures.",
                    "headers": .object(Self.pictureHeaders),
                    "content": .object(Self.pictureContent),
                ],
                202: Self.answer("Where to ask for the pictures.", "Status", headers: Self.submissionHeaders),
            ],
            errors: Self.submissionErrors + Self.waitErrors
        )
    }

    private func later(_ endpoint: GenerationEndpoint) -> OpenAPIOperation {
        OpenAPIOperation(
            method: .post,
            path: "/v2/\(endpoint.rawValue)",
            id: "\(endpoint.operationID)Later",
            tag: .pictures,
            summary: "\(endpoint.summary), and ask for them later.",
            scope: .generate,
            parameters: [Self.idempotencyKey, Self.traceparent, Self.tracestate],
            body: body(endpoint),
            answers: [200: Self.answer("Where to ask for the pictures.", "Status", headers: Self.submissionHeaders)],
            errors: Self.submissionErrors
        )
    }

    private func body(_ endpoint: GenerationEndpoint) -> JSONValue {
        [
            "required": true,
            "content": [
                "application/json": [
                    "schema": Self.reference(endpoint.schemaName),
                    "example": [
                        "prompt": "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
                        "seed": 17_123_564_234,
                    ],
                ],
                "multipart/form-data": ["schema": Self.reference("\(endpoint.schemaName)Form")],
            ],
        ]
    }

    private static let pictureContent: [String: JSONValue] = {
        let files = ImageFormat.allCases.map { ($0.mediaType, JSONValue.object([:])) }
        return Dictionary(uniqueKeysWithValues: files + [("application/json", ["schema": reference("Pictures")])])
    }()

    /// An answer with JSON.
    static func answer(
        _ description: String,
        _ schema: String,
        headers: [String: JSONValue]? = nil
    ) -> JSONValue {
        let answer: JSONValue = [
            "description": .text(description),
            "content": ["application/json": ["schema": reference(schema)]],
        ]
        return headers.map { answer.merging(["headers": .object($0)]) } ?? answer
    }
}

extension GenerationEndpoint {
    fileprivate var operationID: String {
        switch self {
        case .textToImage: "textToImage"
        case .imageToImage: "imageToImage"
        }
    }

    fileprivate var summary: String {
        switch self {
        case .textToImage: "Make pictures of a prompt"
        case .imageToImage: "Make pictures of a prompt and a picture"
        }
    }
}
