// swift-tools-version: 6.2
// SPDX-License-Identifier: Apache-2.0

import PackageDescription

let package = Package(
    name: "darkroom",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "darkroom", targets: ["darkroom"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2"),
    ],
    targets: [
        // The engine: imports point down only.
        .target(
            name: "CKernels",
            // Kernels are fast in debug builds too; contraction is ours to decide (docs/engine.md).
            cSettings: [.unsafeFlags(["-O3", "-ffp-contract=off"])]
        ),
        // An NVIDIA GPU's libraries, opened at run time: nothing of CUDA is needed to build.
        .target(name: "CCUDA"),
        .target(
            name: "Tensor",
            dependencies: ["CKernels", "CCUDA"],
            resources: [.embedInCode("CUDA/Kernels")]
        ),
        .target(name: "StableDiffusion", dependencies: ["Tensor"]),
        .target(name: "EmbeddedModel", resources: [.copy("Model")]),

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

        // Models from elsewhere.
        .target(
            name: "ModelHub",
            dependencies: [
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),

        // PostgreSQL's client library.
        .systemLibrary(
            name: "CPostgres",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),

        // What is asked for, who answers, and how it is asked over HTTP.
        .target(
            name: "Jobs",
            dependencies: [
                "ImageCodec", "CPostgres",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
        .target(
            name: "Monitoring",
            dependencies: [.product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        .target(
            name: "Worker",
            dependencies: [
                "Jobs", "StableDiffusion", "ImageCodec",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .target(
            name: "Supervisor",
            dependencies: [
                "Jobs", "Monitoring",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ]
        ),
        .target(
            name: "API",
            dependencies: [
                "Jobs", "ImageCodec", "Monitoring",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            resources: [.embedInCode("Pages"), .embedInCode("OpenAPI/DocsPage")]
        ),
        .executableTarget(
            name: "darkroom",
            dependencies: [
                "API", "EmbeddedModel", "ImageCodec", "Jobs", "ModelHub", "Monitoring", "StableDiffusion", "Supervisor",
                "Tensor",
                "Worker",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "SystemPackage", package: "swift-system"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ]
        ),

        .testTarget(name: "TensorTests", dependencies: ["Tensor", "CKernels"]),
        .testTarget(name: "StableDiffusionTests", dependencies: ["StableDiffusion", "Tensor"], exclude: ["Fixtures"]),
        .testTarget(name: "ImageCodecTests", dependencies: ["ImageCodec"], exclude: ["Fixtures"]),
        .testTarget(
            name: "JobsTests",
            dependencies: ["Jobs", "ImageCodec", .product(name: "GRDB", package: "GRDB.swift")]
        ),
        .testTarget(
            name: "APITests",
            dependencies: [
                "API", "Jobs", "ImageCodec",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ]
        ),
        // A hub on this machine, for tests of the download and of the command that does it.
        .target(
            name: "TestHub",
            dependencies: [
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
            ],
            path: "Tests/TestHub"
        ),
        .testTarget(name: "ModelHubTests", dependencies: ["ModelHub", "TestHub"]),
        .testTarget(
            name: "WorkerTests",
            dependencies: [
                "Worker", "ImageCodec", "Jobs", "StableDiffusion", "Tensor",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ]
        ),
        .testTarget(
            name: "MonitoringTests",
            dependencies: ["Monitoring", .product(name: "CoreMetrics", package: "swift-metrics")]
        ),
        .testTarget(name: "SupervisorTests", dependencies: ["Supervisor", "Jobs"]),
        .testTarget(
            name: "DarkroomTests",
            dependencies: [
                "API", "darkroom", "EmbeddedModel", "ImageCodec", "Jobs", "StableDiffusion", "Tensor", "TestHub",
                "Worker",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]
        ),
    ]
)

/// Settings every Swift target shares: strict concurrency comes with the Swift 6 language mode.
let swiftSettings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
]

/// `make test` refuses warnings; a compiler that knows more of them than ours still builds what people run.
let warningSettings: [SwiftSetting] =
    Context.environment["DARKROOM_WARNINGS_AS_ERRORS"] == nil ? [] : [.treatAllWarnings(as: .error)]

let swiftTargetTypes: [Target.TargetType] = [.regular, .executable, .test]
let cTargets = ["CKernels", "CCUDA"]
for target in package.targets where swiftTargetTypes.contains(target.type) && !cTargets.contains(target.name) {
    target.swiftSettings = (target.swiftSettings ?? []) + swiftSettings + warningSettings
}
