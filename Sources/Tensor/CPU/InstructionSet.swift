// SPDX-License-Identifier: Apache-2.0

import CKernels

/// A code path of the kernels.
///
/// A path gives the same results on every machine that has it; two paths may round differently.
package enum InstructionSet: Int, Sendable, CaseIterable, CustomStringConvertible {
    /// The portable path with AVX-512's bfloat16 dot product spelt out: its reference, for tests.
    case portableBFloat16 = -1
    /// What every processor of the architecture has.
    case portable
    /// AVX2 with fused multiply-add.
    case avx2
    /// AVX-512; bfloat16 is widened to float32.
    case avx512
    /// AVX-512 with the bfloat16 dot product.
    case avx512BFloat16

    /// The paths this processor can run, the reference of bfloat16 among them.
    package static var available: [InstructionSet] {
        allCases.filter { $0.rawValue <= Int(ck_widest_isa().rawValue) }
    }

    /// The fastest of them: not always the last, as some processors multiply bfloat16 at half the rate of float32.
    package static var fastest: InstructionSet {
        InstructionSet(rawValue: Int(ck_detect_isa().rawValue)) ?? .portable
    }

    package var description: String {
        switch self {
        case .portableBFloat16: "portable BF16"
        case .portable: "portable"
        case .avx2: "AVX2"
        case .avx512: "AVX-512"
        case .avx512BFloat16: "AVX-512 BF16"
        }
    }

    var kernels: UnsafePointer<ck_kernels> {
        unsafe ck_kernels_for(ck_isa(numericCast(rawValue)))
    }
}
