// SPDX-License-Identifier: Apache-2.0

import CCUDA
import Foundation

/// The kernels, compiled for the GPU at hand and for one type of elements.
@safe final class CUDAKernels: @unchecked Sendable {
    // Safe: set when made; the driver's functions are used by one thread at a time.
    private let functions: [Name: OpaquePointer]
    private let handle: CUDAHandle

    /// Every kernel, by the name it has in the sources.
    enum Name: String, CaseIterable {
        case groupNormStatistics = "group_norm_statistics"
        case groupNormApply = "group_norm_apply"
        case layerNorm = "layer_norm"
        case addBias = "bias_residual"
        case geglu
        case activate
        case upsampleNearest = "upsample_nearest"
        case concatenate
        case padChannels = "pad_channels"
        case padPixels = "pad_pixels"
        case embed
        case convertFromFloat = "convert_from_float"
        case convertToFloat = "convert_to_float"
        case softmaxRows = "softmax_rows"
        case attention32 = "attention_32"
        case attention64 = "attention_64"

        /// Whether the kernel is there for 16-bit elements only.
        var needsMatrixUnits: Bool { self == .attention32 || self == .attention64 }

        /// Dynamic shared memory that a launch may ask for.
        var shared: Int {
            switch self {
            case .attention32: CUDADevice.attentionMemory(headSize: 32)
            case .attention64: CUDADevice.attentionMemory(headSize: 64)
            default: 48 << 10
            }
        }
    }

    /// Compiles the kernels, or finds them in `cache`: a directory for machine code, named after all that it depends on.
    init(_ handle: CUDAHandle, precision: DType, cache: String?) throws(CUDAError) {
        let properties = handle.properties
        let options = [
            "--gpu-architecture=sm_\(properties.major)\(properties.minor)",
            "--std=c++17", "-default-device", "-D\(precision.kernelMacro)",
        ].joined(separator: " ")
        let source = Self.source
        let code = try CUDAKernelCache(directory: cache).code(
            key: "\(options)\nNVRTC \(properties.nvrtc)\n\(source)"
        ) { () throws(CUDAError) in
            try Self.compile(source, options: options, on: handle)
        }
        self.handle = handle
        unsafe functions = try Self.load(code, precision: precision, on: handle)
    }

    private static var source: String {
        [
            PackageResources.types_cuh, PackageResources.normalization_cu, PackageResources.elementwise_cu,
            PackageResources.attention_cu,
        ].map { String(decoding: $0, as: UTF8.self) }.joined(separator: "\n")
    }

    private static func compile(_ source: String, options: String, on handle: CUDAHandle) throws(CUDAError) -> [UInt8] {
        var code: UnsafeMutablePointer<CChar>?
        var size = 0
        try unsafe CUDAError.check(cc_compile(handle.pointer, source, "darkroom.cu", options, &code, &size))
        defer { unsafe free(code) }
        return unsafe [UInt8](UnsafeRawBufferPointer(start: code, count: size))
    }

    private static func load(
        _ code: [UInt8],
        precision: DType,
        on handle: CUDAHandle
    ) throws(CUDAError) -> [Name: OpaquePointer] {
        var module: UnsafeMutableRawPointer?
        let result = unsafe code.withUnsafeBytes { code in
            guard let code = code.baseAddress else { return Int32(1) }
            return unsafe cc_load(handle.pointer, code, &module)
        }
        try CUDAError.check(result)
        guard let module = unsafe module else { throw .last }
        var functions: [Name: OpaquePointer] = unsafe [:]
        for name in Name.allCases where precision != .float32 || !name.needsMatrixUnits {
            var function: OpaquePointer?
            try unsafe CUDAError.check(cc_find(handle.pointer, module, name.rawValue, Int32(name.shared), &function))
            unsafe functions[name] = function
        }
        return unsafe functions
    }

    /// Starts a kernel.
    func launch(_ name: Name, grid: cc_extent, block: Int, shared: Int = 0, _ arguments: any KernelArgument...) {
        guard let function = unsafe functions[name] else { preconditionFailure("no kernel \(name)") }
        // Every argument in eight bytes of its own: little-endian, so that its first bytes are its value.
        var values = arguments.map(\.bits)
        unsafe values.withUnsafeMutableBufferPointer { values in
            var pointers = unsafe values.indices.map {
                unsafe UnsafeMutableRawPointer(values.baseAddress! + $0) as UnsafeMutableRawPointer?
            }
            unsafe must(
                cc_launch(
                    handle.pointer,
                    function,
                    grid,
                    cc_extent(x: UInt32(block), y: 1, z: 1),
                    UInt32(shared),
                    &pointers
                )
            )
        }
    }
}

/// An argument of a kernel: an address, an `int`, a `long long` or a `float`.
protocol KernelArgument {
    var bits: UInt64 { get }
}

extension cc_address: KernelArgument {
    var bits: UInt64 { self }
}

extension Int32: KernelArgument {
    var bits: UInt64 { UInt64(UInt32(bitPattern: self)) }
}

extension Int64: KernelArgument {
    var bits: UInt64 { UInt64(bitPattern: self) }
}

extension Float: KernelArgument {
    var bits: UInt64 { UInt64(bitPattern) }
}

extension cc_extent {
    init(_ x: Int, _ y: Int = 1, _ z: Int = 1) {
        self.init(x: UInt32(x), y: UInt32(y), z: UInt32(z))
    }
}

extension DType {
    /// What the kernels' sources are compiled with for this type.
    fileprivate var kernelMacro: String {
        switch self {
        case .float32: "ELEMENT_F32"
        case .bfloat16: "ELEMENT_BF16"
        }
    }

    var cudaType: cc_type {
        switch self {
        case .float32: CC_FLOAT32
        case .bfloat16: CC_BFLOAT16
        }
    }
}
