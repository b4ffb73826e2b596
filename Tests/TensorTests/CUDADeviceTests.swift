// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Tensor

/// Whether this machine has a GPU and CUDA's libraries, and if not why.
private let gpu = Result { try CUDADevice(.bfloat16) }
private let hasGPU = (try? gpu.get()) != nil

@Suite struct CUDADeviceTests {
    @Test(.enabled(if: !hasGPU, "there is a GPU"))
    func `a machine without a GPU says so in one line`() {
        let error = #expect(throws: CUDAError.self) { try CUDADevice(.bfloat16) }
        #expect(error?.description.contains("\n") == false)
        #expect(error?.description.isEmpty == false)
    }

    @Test func `8-bit integers are for the processor`() {
        let error = #expect(throws: CUDAError.self) { try CUDADevice(.int8) }
        #expect(error?.description.contains("int8") == true)
    }

    @Test(.enabled(if: hasGPU, "no GPU"), arguments: [Arithmetic.float32, .bfloat16])
    func `every operation agrees with the processor`(arithmetic: Arithmetic) throws {
        for result in DeviceCheck.run(on: try CUDADevice(arithmetic), threads: 2) {
            #expect(result.isRight, "\(result.operation): \(result.error)")
        }
    }

    @Test(.enabled(if: hasGPU, "no GPU"))
    func `a replayed evaluation gives what the first one gave, of other inputs too`() throws {
        let device = try CUDADevice(.bfloat16)
        let function = DeviceFunction()
        let values: [[Float]] = (0..<4).map { index in
            (0..<640).map { element in Float((element * 7 + index * 13) % 31) / 8 }
        }
        func evaluate(_ values: [Float]) -> [Float] {
            let x = device.upload(values, shape: [2, 10, 32])
            return device.download(
                device.evaluate(function, [x]) { inputs in
                    device.concatenate(device.activate(inputs[0], .silu), device.activate(inputs[0], .gelu))
                }
            )
        }
        let expected = values.map { values in
            let x = device.upload(values, shape: [2, 10, 32])
            return device.download(device.concatenate(device.activate(x, .silu), device.activate(x, .gelu)))
        }
        for index in [0, 1, 2, 3, 1, 0] {
            #expect(evaluate(values[index]) == expected[index])
        }
    }
}

@Suite struct CUDAKernelCacheTests {
    private let directory = FileManager.default.temporaryDirectory.appending(path: "kernels-\(UUID())").path

    @Test func `code is compiled once for each key`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let cache = CUDAKernelCache(directory: directory)
        var compilations = 0
        func code(_ key: String) throws -> [UInt8] {
            try cache.code(key: key) { () throws(CUDAError) in
                compilations += 1
                return Array("code of \(key)".utf8)
            }
        }
        for key in ["a", "a", "b", "a", "b"] {
            #expect(try code(key) == Array("code of \(key)".utf8))
        }
        #expect(compilations == 2)
    }

    @Test func `a damaged file and a directory that cannot be made cost only the time to compile`() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let cache = CUDAKernelCache(directory: directory)
        _ = try cache.code(key: "a") { [1, 2, 3] }
        let name = try #require(try FileManager.default.contentsOfDirectory(atPath: directory).first)
        let file = URL(filePath: directory).appending(path: name)
        let whole = try Data(contentsOf: file)
        // Of another kind, cut short, and with one bit of the code wrong.
        for damaged in [Data("x".utf8), whole.dropLast(), whole.dropLast() + [2]] {
            try damaged.write(to: file)
            #expect(try cache.code(key: "a") { [4, 5, 6] } == [4, 5, 6])
            #expect(try cache.code(key: "a") { [7] } == [4, 5, 6])
        }
        #expect(try CUDAKernelCache(directory: "/proc/nowhere").code(key: "a") { [8] } == [8])
    }
}
