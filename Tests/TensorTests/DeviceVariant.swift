// SPDX-License-Identifier: Apache-2.0

import Tensor
import Testing

/// Every code path that the machine running the tests has, with both precisions.
struct DeviceVariant: Sendable, CustomTestStringConvertible {
    let instructionSet: InstructionSet
    let precision: DType

    static let all = InstructionSet.available.flatMap { instructionSet in
        DType.allCases.map { DeviceVariant(instructionSet: instructionSet, precision: $0) }
    }

    func device(threads: Int = 2) -> CPUDevice {
        CPUDevice(precision: precision, threads: threads, instructionSet: instructionSet)
    }

    /// What rounding a result of about 1 costs, with some float32 rounding before it.
    var tolerance: Double {
        switch precision {
        case .float32: 2e-6
        case .bfloat16: 4e-3
        }
    }

    var testDescription: String { "\(instructionSet), \(precision)" }
}

/// The largest difference between a result and the truth, relative to the larger of the truth and 1.
func largestError(_ result: [Float], _ truth: [Double]) -> Double {
    guard result.count == truth.count else { return .infinity }
    var largest = 0.0
    for (value, wanted) in zip(result, truth) {
        let error = abs(Double(value) - wanted) / max(1, abs(wanted))
        // A NaN compares as no larger, so it has to be looked for.
        guard error.isFinite else { return .infinity }
        largest = max(largest, error)
    }
    return largest
}

/// The norm of the difference between a result and the truth, relative to the truth's.
func relativeDistance(_ result: [Float], _ truth: [Double]) -> Double {
    guard result.count == truth.count else { return .infinity }
    let difference = zip(result, truth).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
    let norm = truth.reduce(0) { $0 + $1 * $1 }
    let distance = (difference / norm).squareRoot()
    return distance.isFinite ? distance : .infinity
}
