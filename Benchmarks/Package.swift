// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

// A package of its own, so that building Darkroom builds no benchmark. The sources are linked in rather than depended on:
// their declarations are visible within a package only.
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
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(name: "CKernels", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]),
        .target(name: "CCUDA"),
        .target(
            name: "Tensor",
            dependencies: ["CKernels", "CCUDA"],
            resources: [.embedInCode("CUDA/Kernels")],
            swiftSettings: swiftSettings
        ),
        .systemLibrary(name: "CImageCodec"),
        .systemLibrary(name: "CPostgres", pkgConfig: "libpq"),
        .target(name: "ImageCodec", dependencies: ["CImageCodec"], swiftSettings: swiftSettings),
        .target(
            name: "Jobs",
            dependencies: [
                "ImageCodec", "CPostgres",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ],
            swiftSettings: swiftSettings
        ),
        .executableTarget(name: "stub-worker", dependencies: ["ImageCodec", "Jobs"], swiftSettings: swiftSettings),
        .executableTarget(name: "queue", dependencies: ["ImageCodec", "Jobs"], swiftSettings: swiftSettings),
        .executableTarget(name: "kernels", dependencies: ["Tensor"], swiftSettings: swiftSettings),
    ]
)
