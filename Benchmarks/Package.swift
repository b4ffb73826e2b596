// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that building Darkroom builds no benchmark. The engine's sources are linked in rather than
// depended on: their declarations are visible within a package only.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

let package = Package(
    name: "benchmarks",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(name: "Tensor", dependencies: ["CKernels"], swiftSettings: swiftSettings),
        .executableTarget(name: "kernels", dependencies: ["Tensor"], swiftSettings: swiftSettings),
    ]
)
