// SPDX-License-Identifier: Apache-2.0

/// Linear multistep (Adams-Bashforth) of order 4 for uneven noise levels: the polynomial through the newest slopes is
/// integrated over the step.
///
/// Source: k-diffusion, `sample_lms`. Reference: diffusers' `LMSDiscreteScheduler`, which integrates numerically what
/// is exact here. As there, the order follows from the step's place in the whole schedule: a run on a picture that
/// starts later uses the first coefficients of a higher order until it has slopes for the others.
struct LMSSampler: SamplingMethod {
    private static let order = 4

    let timesteps: [Float]
    var completedEvaluations = 0
    private(set) var latents: LatentVector
    private(set) var predictedOriginal: LatentVector?

    /// Of the whole schedule, with the steps before the first of the run.
    private let sigmas: [Float]
    private let firstStep: Int
    private let predictionType: PredictionType
    /// Up to four slopes, the newest first.
    private var derivatives: [LatentVector] = []

    init(_ run: SamplingRun) {
        let schedule = SigmaSchedule.linspace(steps: run.steps, schedule: run.schedule)
        timesteps = schedule.from(run.firstStep).timesteps
        sigmas = schedule.sigmas
        firstStep = run.firstStep
        predictionType = run.predictionType
        latents = run.initialLatents(sigma: sigmas[firstStep])
    }

    private var stepIndex: Int { firstStep + completedEvaluations }

    var modelInput: LatentVector { latents.scaledModelInput(sigma: sigmas[stepIndex]) }

    mutating func step(_ output: LatentVector, generator: inout TorchGenerator) {
        let sigma = sigmas[stepIndex]
        let original = predictionType.originalSample(from: output, at: latents, sigma: sigma)
        derivatives = [(latents - original) / sigma] + derivatives.prefix(Self.order - 1)
        let terms = zip(coefficients(), derivatives).map { $0 * $1 }
        latents = latents + terms.dropFirst().reduce(terms[0], +)
        predictedOriginal = original
    }

    /// The weight of each slope, the newest first.
    private func coefficients() -> [Float] {
        let order = min(stepIndex + 1, Self.order)
        let nodes = (0..<order).map { Double(sigmas[stepIndex - $0]) }
        return nodes.indices.map { current in
            Float(
                Self.integral(from: nodes[0], to: Double(sigmas[stepIndex + 1])) { sigma in
                    nodes.indices.filter { $0 != current }.reduce(1) { product, other in
                        product * (sigma - nodes[other]) / (nodes[current] - nodes[other])
                    }
                }
            )
        }
    }

    /// Gauss-Legendre quadrature with two points: exact for the Lagrange polynomials, which are of degree 3 at most.
    private static func integral(from start: Double, to end: Double, _ integrand: (Double) -> Double) -> Double {
        let (middle, half) = ((start + end) / 2, (end - start) / 2)
        let offset = half / 3.0.squareRoot()
        return half * (integrand(middle - offset) + integrand(middle + offset))
    }
}
