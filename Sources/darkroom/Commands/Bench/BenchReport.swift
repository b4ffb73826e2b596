// SPDX-License-Identifier: Apache-2.0

import Foundation
import Tensor

/// What `darkroom bench` prints.
///
/// Times are seconds of wall time, medians where a network ran more than once.
struct BenchReport: Encodable {
    var model: String
    var size: Int
    var rows: Int
    var dtype: String
    var kernels: String
    var threads: Int
    var repeats: Int

    /// One evaluation of `rows` rows.
    var unetSeconds: Double
    /// One evaluation of a picture's latents on its prompt and its negative prompt.
    var guidedStepSeconds: Double
    /// One picture.
    var vaeDecodeSeconds: Double
    /// A prompt and a negative prompt.
    var textPairSeconds: Double
    /// A picture of 25 steps with guidance, from the prompt to its pixels, if that was asked for.
    var pictureSeconds: Double?
    /// From the model's files to networks that can run.
    var loadSeconds: Double
    /// From the start of the process to the start of the first evaluation of the UNet, its conditioning included.
    var firstForwardSeconds: Double
    /// The most memory that was resident.
    var peakMemoryGB: Double
    /// What is in use of a GPU's own memory at the end.
    var deviceMemoryGB: Double?
    /// What the device's multiply-adds reached before and after the timed runs.
    var peakGFLOPSBefore: Double
    var peakGFLOPSAfter: Double
    /// Where the time goes, from one further run of each network.
    var breakdown: Breakdown

    private enum CodingKeys: String, CodingKey {
        case model, size, rows, dtype, kernels, threads, repeats, breakdown
        case unetSeconds = "unet_s"
        case guidedStepSeconds = "guided_step_s"
        case vaeDecodeSeconds = "vae_decode_s"
        case textPairSeconds = "text_pair_s"
        case pictureSeconds = "picture_s"
        case deviceMemoryGB = "device_memory_gb"
        case loadSeconds = "load_s"
        case firstForwardSeconds = "first_forward_s"
        case peakMemoryGB = "peak_rss_gb"
        case peakGFLOPSBefore = "peak_gflops_before"
        case peakGFLOPSAfter = "peak_gflops_after"
    }

    struct Breakdown: Encodable {
        var unet: Kinds
        var decoder: Kinds
    }

    /// A network's operations by kind.
    struct Kinds: Encodable {
        var kinds: [(kind: OperationKind, figures: Figures)]
        var total: Figures

        init(_ profile: Profile, peak: Double) {
            kinds = OperationKind.allCases.map { kind in
                let entry = profile[kind]
                return (kind, Figures(seconds: entry.seconds, operations: entry.operations, peak: peak))
            }
            total = Figures(seconds: profile.seconds, operations: profile.operations, peak: peak)
        }

        func encode(to encoder: any Encoder) throws {
            try Dictionary(uniqueKeysWithValues: kinds.map { ($0.kind.rawValue, $0.figures) }).encode(to: encoder)
        }
    }

    struct Figures: Encodable {
        var seconds: Double
        /// Operations of the products, as direct ones: a fast convolution may pass 100 % of the peak.
        var gflop: Double
        var gflopPerSecond: Double
        var percentOfPeak: Double

        init(seconds: Double, operations: Double, peak: Double) {
            self.seconds = seconds
            gflop = operations * 1e-9
            gflopPerSecond = seconds > 0 ? operations / seconds * 1e-9 : 0
            percentOfPeak = gflopPerSecond / peak * 1e11
        }

        private enum CodingKeys: String, CodingKey {
            case seconds, gflop
            case gflopPerSecond = "gflop_per_s"
            case percentOfPeak = "percent_of_peak"
        }
    }
}

extension BenchReport {
    /// The report for people.
    var text: String {
        """
        \(model): \(size)x\(size), \(rows) rows, \(dtype), \(kernels), \(threads) threads, median of \(repeats)

        UNet             \(format(unetSeconds)) s
        guided step      \(format(guidedStepSeconds)) s
        decoder          \(format(vaeDecodeSeconds)) s
        two prompts      \(format(textPairSeconds)) s\(line("25 steps         ", pictureSeconds, " s"))
        loading          \(format(loadSeconds)) s
        first evaluation \(format(firstForwardSeconds)) s after the start of the process
        peak memory      \(format(peakMemoryGB)) GB\(line("GPU's memory     ", deviceMemoryGB, " GB"))
        measured peak    \(format(peakGFLOPSBefore, digits: 0)) GFLOP/s before, \
        \(format(peakGFLOPSAfter, digits: 0).trimmingCharacters(in: .whitespaces)) after

        \(table("UNet", breakdown.unet))

        \(table("decoder", breakdown.decoder))
        """
    }

    private func line(_ label: String, _ value: Double?, _ unit: String) -> String {
        value.map { "\n\(label)\(format($0))\(unit)" } ?? ""
    }

    private func table(_ name: String, _ network: Kinds) -> String {
        let rows = network.kinds.map { ($0.kind.rawValue, $0.figures) } + [("all", network.total)]
        let header = name.padding(toLength: 9, withPad: " ", startingAt: 0) + "        s    GFLOP  GFLOP/s  % of peak"
        let lines = rows.map { label, figures in
            label.padding(toLength: 9, withPad: " ", startingAt: 0)
                + format(figures.seconds, width: 9)
                + format(figures.gflop, width: 9, digits: 1)
                + format(figures.gflopPerSecond, width: 9, digits: 0)
                + format(figures.percentOfPeak, width: 11, digits: 0)
        }
        return ([header] + lines).joined(separator: "\n")
    }

    private func format(_ value: Double, width: Int = 8, digits: Int = 3) -> String {
        let text = String(format: "%.\(value < 0.1 ? max(digits, 5) : digits)f", value)
        return String(repeating: " ", count: max(0, width - text.count)) + text
    }
}
