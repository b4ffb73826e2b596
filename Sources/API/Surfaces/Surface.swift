// SPDX-License-Identifier: Apache-2.0

import Hummingbird

/// The APIs of other services that this server speaks, so that their clients work with it.
enum Surface: String, Codable {
    case openAI = "openai"
    case automatic1111
    case huggingFace = "hugging_face"
    case replicate
}

/// Adds the routes of all surfaces.
func addSurfaces(
    to router: Router<APIRequestContext>,
    behind gate: Gate,
    service: GenerationService,
    answers: JobAnswers
) {
    OpenAIController(service: service, answers: answers).addRoutes(to: router, behind: gate)
    Automatic1111Controller(service: service, answers: answers).addRoutes(to: router, behind: gate)
    HuggingFaceController(service: service, answers: answers).addRoutes(to: router, behind: gate)
    ReplicateController(service: service, accounts: answers.store).addRoutes(to: router, behind: gate)
}
