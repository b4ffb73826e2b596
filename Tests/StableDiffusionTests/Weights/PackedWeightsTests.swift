// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import StableDiffusion
import Synchronization
import Tensor
import Testing

@Suite("Packed weights")
struct PackedWeightsTests {
    @Test(arguments: DType.allCases)
    func `make the same picture packed, written and found again`(precision: DType) throws {
        let model = try CachedModel(precision: precision)
        let alone = try model.load(isCached: false)
        let first = try model.load()
        let second = try model.load()
        #expect(alone.state == .memory)
        #expect(first.state == .written)
        #expect(second.state == .mapped)
        #expect(first.picture == alone.picture)
        #expect(second.picture == alone.picture)
        #expect(alone.notes + first.notes + second.notes == [])
    }

    @Test func `are kept apart by element type`() throws {
        let model = try CachedModel(precision: .float32)
        let other = try CachedModel(precision: .bfloat16, in: model.folder)
        #expect(try model.load().state == .written)
        #expect(try other.load().state == .written)
        #expect(try model.load().state == .mapped)
        #expect(try other.load().state == .mapped)
        #expect(try model.cacheFiles().count == 2)
    }

    @Test func `are used without reading an element of the model's files`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        for component in ModelComponent.allCases {
            try model.overwriteElements(of: component)
        }
        let again = try model.load()
        #expect(again.state == .mapped)
        #expect(again.picture == expected)
    }

    @Test func `are packed again when a file of the model is newer`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        try FileManager.default.setAttributes(
            [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)],
            ofItemAtPath: model.weights(of: .unet)
        )
        let again = try model.load()
        #expect(again.state == .written)
        #expect(again.notes.count == 1)
        #expect(again.picture == expected)
        #expect(try model.cacheFiles().count == 1, "the old file is replaced")
        #expect(try model.load().state == .mapped)
    }

    @Test func `do not hide that a model's files are wrong`() throws {
        let model = try CachedModel()
        _ = try model.load()
        try FileManager.default.removeItem(atPath: model.weights(of: .autoencoder))
        #expect(throws: WeightError.self) { try model.load() }
    }

    @Test func `are packed again when the file is damaged`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        let path = try #require(try model.cacheFiles().first)
        let whole = try Data(contentsOf: URL(filePath: path))
        let header = try #require(whole.firstRange(of: Data("\nend\n".utf8))).upperBound

        var damaged: [Data] = [Data(), whole + [0], Data(repeating: 0, count: whole.count)]
        for tenth in 0..<10 {
            damaged.append(whole.prefix(whole.count * tenth / 10))
            damaged.append(whole.prefix(header * tenth / 10))
        }
        for position in [0, 23, 24] + stride(from: 40, to: header, by: header / 20) {
            var flipped = whole
            flipped[position] ^= 1
            damaged.append(flipped)
        }
        for data in damaged {
            try data.write(to: URL(filePath: path))
            let loaded = try model.load()
            #expect(loaded.state == .written)
            #expect(loaded.notes.count == 1)
            #expect(loaded.picture == expected)
        }
        #expect(try Data(contentsOf: URL(filePath: path)) == whole)
    }

    @Test func `come with the empty prompt's embedding, which is used as it is`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        let path = try #require(try model.allCacheFiles().first { $0.hasSuffix(".embedding") })
        var data = try Data(contentsOf: URL(filePath: path))
        data.resetBytes(in: data.count - 4096..<data.count)
        try data.write(to: URL(filePath: path))
        #expect(try model.load().picture != expected, "the prompt was encoded again")
        #expect(try model.load(isVerified: true).picture == expected)
        #expect(try model.load().picture == expected)
    }

    @Test func `come with the empty prompt's embedding, which another build computes anew`() throws {
        let model = try CachedModel()
        let expected = try model.load(program: "this").picture
        let path = try #require(try model.allCacheFiles().first { $0.hasSuffix(".embedding") })
        let kept = try Data(contentsOf: URL(filePath: path))
        var other = kept
        other.resetBytes(in: other.count - 4096..<other.count)
        try other.write(to: URL(filePath: path))
        let loaded = try model.load(program: "next")
        #expect(loaded.picture == expected)
        #expect(loaded.state == .mapped, "weights are packed to the same bytes by every build")
        #expect(try model.load(program: "this").picture == expected)
        #expect(try Data(contentsOf: URL(filePath: path)) == kept)
    }

    @Test func `come with the empty prompt's embedding, which another configuration computes anew`() throws {
        let model = try CachedModel()
        let before = try model.load().picture
        let config = model.modelURL.appending(path: "text_encoder/config.json")
        let text = try String(contentsOf: config, encoding: .utf8)
        let edited = text.replacing("\"layer_norm_eps\": 1e-05", with: "\"layer_norm_eps\": 0.5")
        try #require(edited != text)
        try Data(edited.utf8).write(to: config)
        let loaded = try model.load()
        #expect(loaded.state == .mapped, "no weight is packed otherwise")
        #expect(loaded.picture != before)
        #expect(try model.load(isCached: false).picture == loaded.picture)
    }

    @Test func `say so when the empty prompt's file cannot get its place`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        let path = try #require(try model.allCacheFiles().first { $0.hasSuffix(".embedding") })
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path + "/taken", withIntermediateDirectories: true)
        let loaded = try model.load()
        #expect(loaded.state == .mapped)
        #expect(loaded.picture == expected)
        #expect(loaded.notes.last?.hasPrefix("\(path) cannot be written: ") == true, "\(loaded.notes)")
    }

    @Test func `come without the empty prompt's embedding where builds cannot be told apart`() throws {
        let model = try CachedModel()
        _ = try model.load(program: nil)
        #expect(try !model.allCacheFiles().contains { $0.hasSuffix(".embedding") })
    }

    @Test func `are compared with the model's files when asked`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        let path = try #require(try model.cacheFiles().first)
        #expect(try model.load(isVerified: true).state == .mapped)

        var data = try Data(contentsOf: URL(filePath: path))
        data[data.count * 2 / 3] ^= 1
        try data.write(to: URL(filePath: path))
        let repaired = try model.load(isVerified: true)
        #expect(repaired.state == .written)
        #expect(repaired.notes.first?.contains("is damaged at ") == true)
        #expect(repaired.picture == expected)
        #expect(try model.load(isVerified: true).state == .mapped)
    }

    @Test func `are written by several at a time`() throws {
        let model = try CachedModel()
        let expected = try model.load(isCached: false).picture
        let loads = Mutex<[Result<CachedModel.Loaded, any Error>]>([])
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            let loaded = Result { try model.load() }
            loads.withLock { $0.append(loaded) }
        }
        for loaded in loads.withLock({ $0 }) {
            #expect(try loaded.get().picture == expected)
            #expect(try loaded.get().notes.isEmpty)
        }
        #expect(try model.cacheFiles().count == 1)
        #expect(try model.load().state == .mapped)
    }

    @Test func `go without a file where none can be written`() throws {
        let model = try CachedModel()
        let expected = try model.load(isCached: false).picture
        try model.folder.write("cache", "a file, and no directory")
        let loaded = try model.load()
        #expect(loaded.state == .memory)
        #expect(loaded.notes.count == 1)
        #expect(loaded.picture == expected)
    }

    @Test func `say so when the file cannot get its place`() throws {
        let model = try CachedModel()
        let expected = try model.load().picture
        let path = try #require(try model.cacheFiles().first)
        try FileManager.default.removeItem(atPath: path)
        try FileManager.default.createDirectory(atPath: path + "/taken", withIntermediateDirectories: true)
        let loaded = try model.load()
        #expect(loaded.state == .memory)
        #expect(loaded.picture == expected)
        #expect(try model.cacheFiles() == [path])
    }

    @Test func `remove what was left by a process that ended too soon`() throws {
        let model = try CachedModel()
        _ = try model.load()
        let path = try #require(try model.cacheFiles().first)
        try FileManager.default.moveItem(atPath: path, toPath: "\(path).123-456.part")
        #expect(try model.load().state == .written)
        #expect(try model.cacheFiles() == [path])
    }
}

/// A copy of the tiny model with a cache of its own.
private struct CachedModel: Sendable {
    let folder: TemporaryFolder
    let precision: DType

    /// What a load gave.
    struct Loaded {
        enum State {
            case memory, mapped, written
        }

        var state: State
        var notes: [String]
        var picture: Picture
    }

    init(precision: DType = .bfloat16, in folder: TemporaryFolder? = nil) throws {
        self.precision = precision
        if let folder {
            self.folder = folder
        } else {
            self.folder = try TemporaryFolder()
            try FileManager.default.copyItem(at: Fixture.url("tiny/diffusers"), to: modelURL)
        }
    }

    var modelURL: URL { folder.url.appending(path: "model") }

    /// Loads the model, waits until its file is written, and makes a picture.
    func load(
        isCached: Bool = true,
        isVerified: Bool = false,
        program: String? = RunningProgram.identity
    ) throws -> Loaded {
        let cache = PackedWeightCache(directory: folder.url.appending(path: "cache").path, program: program)
        let model = try StableDiffusionModel(
            ModelSource(path: modelURL.path),
            cache: isCached ? cache : nil,
            verifiesCache: isVerified,
            on: CPUDevice(precision: precision, threads: 2)
        )
        let request = PictureRequest(prompt: "a cat", steps: 1, seed: 1, width: 32, height: 32)
        let picture = try #require(try model.generate(request).pictures.first).picture
        var loaded = Loaded(state: .memory, notes: model.packedOrigin.notes, picture: picture)
        switch model.packedOrigin.state {
        case .memory: break
        case .mapped: loaded.state = .mapped
        case .written(let publication):
            do {
                try publication.wait()
                loaded.state = .written
            } catch {
                loaded.notes.append("\(error)")
            }
        }
        return loaded
    }

    func weights(of component: ModelComponent) -> String {
        let name = component == .textEncoder ? "model" : "diffusion_pytorch_model"
        return modelURL.appending(path: "\(component.rawValue)/\(name).safetensors").path
    }

    /// Paths of the files of weights in the cache.
    func cacheFiles() throws -> [String] {
        try allCacheFiles().filter { !$0.hasSuffix(".embedding") }
    }

    /// Paths of all files in the cache.
    func allCacheFiles() throws -> [String] {
        let cache = folder.url.appending(path: "cache").path
        return try FileManager.default.contentsOfDirectory(atPath: cache).map { "\(cache)/\($0)" }
    }

    /// Replaces a component's elements by zeros behind the back of whoever looks at size and time.
    func overwriteElements(of component: ModelComponent) throws {
        let path = weights(of: component)
        var status = stat()
        #expect(unsafe stat(path, &status) == 0)
        var data = try Data(contentsOf: URL(filePath: path))
        let header = data.prefix(8).reversed().reduce(0) { $0 << 8 | Int($1) }
        data.resetBytes(in: 8 + header..<data.count)
        try data.write(to: URL(filePath: path))
        #if os(Linux)
            var times = [status.st_atim, status.st_mtim]
        #else
            var times = [status.st_atimespec, status.st_mtimespec]
        #endif
        #expect(unsafe utimensat(AT_FDCWD, path, &times, 0) == 0)
    }
}
