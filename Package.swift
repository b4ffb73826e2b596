// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "darkroom",
    platforms: [.macOS(.v26)],
    targets: [
        // The engine: imports point down only.
        .target(
            name: "CKernels",
            // Kernels are fast in debug builds too; contraction is ours to decide (docs/kernels.md).
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]
        ),
        .target(name: "Tensor", dependencies: ["CKernels"]),
        .target(name: "StableDiffusion", dependencies: ["Tensor"]),

        // Pictures as files.
        .systemLibrary(
            name: "CImageCodec",
            pkgConfig: nil,
            providers: [
                .apt(["libspng-dev", "libturbojpeg0-dev", "libwebp-dev"]),
                .brew(["libspng", "jpeg-turbo", "webp"]),
            ]
        ),
        .target(name: "ImageCodec", dependencies: ["CImageCodec"]),

        .testTarget(name: "TensorTests", dependencies: ["Tensor", "CKernels"]),
        .testTarget(name: "StableDiffusionTests", dependencies: ["StableDiffusion", "Tensor"], exclude: ["Fixtures"]),
        .testTarget(name: "ImageCodecTests", dependencies: ["ImageCodec"], exclude: ["Fixtures"]),
    ]
)

/// Settings every Swift target shares: strict concurrency comes with the Swift 6 language mode.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
]

let swiftTargetTypes: [Target.TargetType] = [.regular, .executable, .test]
for target in package.targets where swiftTargetTypes.contains(target.type) && target.name != "CKernels" {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings
}
