// SPDX-License-Identifier: Apache-2.0

import CCUDA
import Synchronization

/// Stable Diffusion's operations on an NVIDIA GPU.
///
/// Products are cuBLASLt's, convolutions cuDNN's, everything else the kernels' beside this file. Operations are started in
/// order on one stream and return before they are done; ``download(_:)`` waits. One thread at a time may use a device.
///
/// An operation that fails ends the process: see ``must(_:)``.
@safe package final class CUDADevice: Device, @unchecked Sendable {
    package let arithmetic: Arithmetic
    package let codePath: String
    let handle: CUDAHandle
    let kernels: CUDAKernels
    /// Packs weights, which is work for the processor.
    let host: CPUDevice
    let staging: CUDAStaging
    // Safe: one thread at a time uses a device.
    var plans = CUDAPlans()
    var recordings = CUDARecordings()
    /// Where results come from: a recording's own pool while it is made.
    var pool: CUDAPool

    /// Opens a GPU and compiles the kernels for it.
    ///
    /// - Parameters:
    ///   - arithmetic: float32 or bfloat16.
    ///   - ordinal: which of the machine's GPUs, counted from 0.
    ///   - libraries: directories to look for CUDA's libraries in before the usual ones, separated by colons.
    ///   - kernelCache: a directory where compiled kernels are kept; nil compiles them each time.
    ///   - threads: that pack weights.
    package init(
        _ arithmetic: Arithmetic,
        ordinal: Int = 0,
        libraries: String? = nil,
        kernelCache: String? = nil,
        threads: Int = 1
    ) throws {
        guard arithmetic != .int8 else { throw CUDAError("the CUDA device computes float32 and bfloat16, not int8") }
        let handle = try CUDAHandle(ordinal: ordinal, search: libraries)
        let properties = handle.properties
        self.arithmetic = arithmetic
        self.handle = handle
        kernels = try CUDAKernels(handle, precision: arithmetic.precision, cache: kernelCache)
        host = CPUDevice(arithmetic, threads: threads)
        staging = CUDAStaging(handle)
        pool = CUDAPool(handle)
        codePath =
            "cuda sm_\(properties.major)\(properties.minor), cuBLASLt \(properties.cublaslt), cuDNN \(properties.cudnn)"
    }

    /// A GPU's name, compute capability and memory, and the libraries that were found.
    package static func summary(ordinal: Int = 0, libraries: String? = nil) throws -> String {
        let properties = try CUDAHandle(ordinal: ordinal, search: libraries).properties
        let name = unsafe withUnsafeBytes(of: properties.name) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return "\(name), compute capability \(properties.major).\(properties.minor), \(properties.memory >> 20) MiB; "
            + "driver \(properties.driver), NVRTC \(properties.nvrtc), cuBLASLt \(properties.cublaslt), "
            + "cuDNN \(properties.cudnn)"
    }

    /// Bytes of the GPU's memory that are in use, by whomever.
    package var usedMemory: Int {
        var free = 0
        unsafe must(cc_free_memory(handle.pointer, &free))
        return handle.properties.memory - free
    }

    package var weightLayout: String { "cuda" }

    /// Keeps the memory: it is the GPU's own, recordings hold addresses in it, and asking for it again would make the GPU
    /// wait.
    package func trim() {}

    /// Memory for a result of the device's precision; a kernel writes every element.
    func makeTensor(_ shape: Shape) -> Tensor {
        Tensor(shape: shape, dtype: precision, storage: pool.take(shape.count * precision.size))
    }

    /// Waits until everything that was started is done.
    package func synchronize() {
        unsafe must(cc_synchronize(handle.pointer))
    }

    /// A product of 8192 x 8192 matrices, the best of several.
    package func measurePeak() -> Double {
        let size = 8192
        let plan = CUDAPlans.Product(
            rows: size,
            columns: size,
            depth: size,
            usualRows: size,
            strides: [size, size, size]
        )
        // Ordinary values: products of zeros take less power, and are faster.
        let values = (0..<size * size).map { Float(($0 &* 2_654_435_761) >> 7 & 1023) / 512 - 1 }
        let x = upload(values, shape: [size, size])
        let result = makeTensor([size, size])
        let times = (0..<10).map { _ in
            time { multiply(plan, x.address, x.address, into: result.address) }
        }
        let operations = 2 * Double(size) * Double(size) * Double(size)
        return operations / (times.dropFirst().min() ?? .infinity) * 1e3
    }

    /// Milliseconds that what `body` starts takes on the GPU itself.
    package func time(_ body: () -> Void) -> Double {
        var timer: OpaquePointer?
        unsafe must(cc_make_timer(handle.pointer, &timer))
        guard let timer = unsafe timer else { fatalError("CUDA: \(CUDAError.last)") }
        defer { unsafe cc_free_timer(handle.pointer, timer) }
        var milliseconds: Float = 0
        unsafe must(cc_start(handle.pointer, timer))
        body()
        unsafe must(cc_stop(handle.pointer, timer, &milliseconds))
        return Double(milliseconds)
    }

    /// Rows of a product for two rows of an evaluation: what algorithms are chosen for, whatever the number of rows, so
    /// that a row has the same bits in every batch that the same algorithm can compute.
    ///
    /// Two, because that is a picture with guidance.
    func usualRows(_ pixels: Int, of rows: Int) -> Int { pixels / rows * Self.usualRows }

    /// Rows of an evaluation that convolutions are chosen for.
    static let usualRows = 2

    /// Blocks of 256 threads with a thread for each of `count`.
    func blocks(_ count: Int) -> Int { (count + 255) / 256 }

    /// Elements that the kernels move at once where the number of channels allows it.
    var vector: Int { 16 / precision.size }

    /// Accesses that a kernel makes for each pixel.
    func vectors(_ channels: Int) -> Int { channels % vector == 0 ? channels / vector : channels }
}

extension Tensor {
    /// Where the tensor lies, if it is in a GPU's memory.
    var address: cc_address {
        guard let buffer = storage as? CUDABuffer else {
            preconditionFailure("a tensor of another device was given to the GPU")
        }
        return buffer.address
    }
}

extension Int {
    var int32: Int32 { Int32(self) }
    var int64: Int64 { Int64(self) }
}
