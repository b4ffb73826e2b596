// SPDX-License-Identifier: Apache-2.0

import Foundation
import ImageCodec
import Testing

@Suite struct CommandLineTests {
    @Test(arguments: [
        (["generate"], "--prompt"),
        (["generate", "--prompt", "a cat", "--steps", "0"], "--steps must be between 1 and 150"),
        (["generate", "--prompt", "a cat", "--steps", "many"], "--steps"),
        (["generate", "--prompt", "a cat", "--width", "100"], "--width must be a multiple of 8"),
        (["generate", "--prompt", "a cat", "--scheduler", "Fast"], "--scheduler must be one of"),
        (["generate", "--prompt", "a cat", "--output", "a.gif"], "--output"),
        (["generate", "--prompt", "a cat", "--image", "/nowhere.png"], "--image"),
        (["generate", "--prompt", "a cat", "--model", "/nowhere"], "--model"),
        (["generate", "--prompt", "a cat", "--dtype", "int3"], "--dtype"),
        (["generate", "--prompt", "a cat", "--threads", "0"], "--threads"),
        (["generate", "--prompt", "a cat", "--device", "tpu"], "--device"),
        (["generate", "--prompt", "a cat", "--device", "cuda:x"], "--device"),
        (["generate", "--prompt", "a cat", "--device", "cuda", "--dtype", "int8"], "--dtype"),
        (["generate", "--prompt", "a cat", "--device", "cuda:999"], "--device cuda:999: "),
        (["bench", "--size", "100"], "--size must be a multiple of 8"),
        (["bench", "--rows", "0"], "--rows"),
        (["bench", "--repeats", "0"], "--repeats"),
        (["bench", "--layers", "--picture"], "--layers"),
        (["serve", "--port", "99999"], "--port"),
        (["serve", "--auth", "none", "--host", "127.example.com"], "--auth none"),
        (["serve", "--public-url", "ftp://example.org"], "--public-url"),
        (["paint"], "paint"),
    ])
    func wrongArgumentsAreOneLineAndExitCode64(arguments: [String], mentioned: String) throws {
        let output = Pipe()
        let errors = Pipe()
        let process = try DarkroomProcess.start(arguments, output: output, errors: errors)
        let complained = String(decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        #expect(process.terminationStatus == 64)
        #expect(complained.hasPrefix("error: "))
        #expect(complained.contains(mentioned))
        #expect(complained.split(separator: "\n").count == 1)
    }

    @Test(arguments: [
        "postgrsql://darkroom:s3cret@db.example.org/darkroom", "postgresql:/darkroom:s3cret@db.example.org/darkroom",
        "host=db.example.org user=darkroom password=s3cret",
    ])
    func aDatabaseAddressThatIsWrittenWrongIsNotRepeatedWithItsPassword(address: String) throws {
        let run = try DarkroomProcess.run("serve", "--database", address)
        #expect(run.status == 64)
        #expect(run.errors.contains("--database"))
        #expect(!run.errors.contains("s3cret"))
    }

    @Test func tokenizePrintsAnArrayOfTheIds() throws {
        let run = try DarkroomProcess.run("tokenize", "--model", DarkroomProcess.model, "a cat")
        let ids = try JSONDecoder().decode([Int].self, from: Data(run.output.utf8))
        #expect(run.status == 0)
        #expect(ids.count == 77)
        #expect(ids.first == 698)
        #expect(ids.last == 0)
    }

    @Test func generateNumbersTheFilesOfSeveralSamplesAndReportsTheirSeeds() throws {
        struct Report: Decodable {
            struct File: Decodable {
                var path: String
                var seed: Int64
            }
            var files: [File]
            var evaluations: Int
            var peakMemoryBytes: Int
        }
        let directory = try TemporaryDirectory()
        let run = try DarkroomProcess.generate(
            "a cat",
            "--samples",
            "3",
            "--steps",
            "2",
            "--width",
            "64",
            "--height",
            "48",
            "--seed",
            "17123564234",
            "--output",
            directory.path("a.png"),
            "--json"
        )
        #expect(run.status == 0)
        #expect(run.errors.isEmpty, "no progress bar without a terminal")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let report = try decoder.decode(Report.self, from: Data(run.output.utf8))
        #expect(report.files.map(\.path) == ["a-0.png", "a-1.png", "a-2.png"].map(directory.path))
        #expect(report.files.map(\.seed) == [17_123_564_234, 17_123_564_235, 17_123_564_236])
        #expect(report.evaluations == 6)
        #expect(report.peakMemoryBytes > 0)

        let second = try decode(report.files[1].path)
        #expect((second.image.width, second.image.height) == (64, 48))
        #expect(second.metadata.parameters?.contains("Seed: 17123564235") == true)
        #expect(second.metadata.digitalSourceType == .trainedAlgorithmicMedia)

        // The reported seed makes the same file alone, in any number of threads.
        let again = try DarkroomProcess.generate(
            "a cat",
            "--steps",
            "2",
            "--width",
            "64",
            "--height",
            "48",
            "--seed",
            "17123564235",
            "--threads",
            "1",
            "--output",
            directory.path("b.png")
        )
        #expect(again.output == directory.path("b.png") + "\n")
        #expect(
            FileManager.default.contents(atPath: directory.path("b.png"))
                == FileManager.default.contents(atPath: directory.path("a-1.png"))
        )
    }

    @Test(arguments: [("c.jpg", ImageFormat.jpeg), ("c.webp", .webp), ("c.png", .png)])
    func theExtensionChoosesTheFormat(name: String, format: ImageFormat) throws {
        let directory = try TemporaryDirectory()
        let run = try DarkroomProcess.generate(
            "a cat",
            "--steps",
            "1",
            "--guidance-scale",
            "1",
            "--output",
            directory.path(name)
        )
        #expect(run.status == 0)
        let decoded = try decode(directory.path(name))
        #expect(decoded.format == format)
        #expect(decoded.metadata.digitalSourceType == .trainedAlgorithmicMedia)
    }

    @Test func aReferencePictureIsResizedAndMarkedAsComposite() throws {
        let directory = try TemporaryDirectory()
        _ = try DarkroomProcess.generate(
            "a cat",
            "--steps",
            "1",
            "--output",
            directory.path("start.jpg")
        )
        let run = try DarkroomProcess.generate(
            "a dog",
            "--steps",
            "4",
            "--width",
            "48",
            "--height",
            "64",
            "--image",
            directory.path("start.jpg"),
            "--strength",
            "0.5",
            "--output",
            directory.path("end.png")
        )
        #expect(run.status == 0)
        let decoded = try decode(directory.path("end.png"))
        #expect((decoded.image.width, decoded.image.height) == (48, 64))
        #expect(decoded.metadata.digitalSourceType == .compositeWithTrainedAlgorithmicMedia)
        #expect(decoded.metadata.parameters?.contains("Denoising strength: 0.5") == true)
    }

    @Test func anOutputThatCannotBeWrittenIsFoundOutBeforeTheWork() throws {
        let run = try DarkroomProcess.generate(
            "a cat",
            "--steps",
            "1",
            "--output",
            "/nowhere/a.png"
        )
        #expect(run.status == 64)
        #expect(run.errors == "error: --output: cannot write to '/nowhere'\n")
    }

    @Test func controlCStopsARun() throws {
        let directory = try TemporaryDirectory()
        let errors = Pipe()
        let process = try DarkroomProcess.start(
            [
                "generate", "--model", DarkroomProcess.model, "--prompt", "a cat", "--steps", "150", "--samples", "10",
                "--width", "512", "--height", "512", "--output", directory.path("a.png"),
            ],
            output: Pipe(),
            errors: errors
        )
        // Wherever in the run it arrives, the run ends: before its first step or between two of them.
        for _ in 0..<1000 where process.isRunning && !DarkroomProcess.catchesInterrupts(process) {
            Thread.sleep(forTimeInterval: 0.01)
        }
        process.interrupt()
        process.waitUntilExit()
        #expect(process.terminationStatus == 130)
        #expect(try FileManager.default.contentsOfDirectory(atPath: directory.url.path).isEmpty)
    }

    @Test func verifySaysWhatAModelIsAndRefusesADamagedOne() throws {
        let sound = try DarkroomProcess.run("models", "verify", DarkroomProcess.model)
        #expect(sound.status == 0)
        #expect(sound.output.contains("v_prediction"))

        let directory = try TemporaryDirectory()
        try FileManager.default.copyItem(atPath: DarkroomProcess.model, toPath: directory.path("model"))
        let weights = directory.path("model/unet/diffusion_pytorch_model.safetensors")
        let whole = try Data(contentsOf: URL(filePath: weights))
        try whole.dropLast(100).write(to: URL(filePath: weights))
        let damaged = try DarkroomProcess.run("models", "verify", directory.path("model"))
        #expect(damaged.status == 1)
        #expect(damaged.errors.contains("diffusion_pytorch_model.safetensors"))
        #expect(damaged.errors.split(separator: "\n").count == 1)
    }

    @Test func doctorNamesTheKernels() throws {
        let run = try DarkroomProcess.run("doctor", "--model", DarkroomProcess.model)
        #expect(run.status == 0)
        for line in ["processor", "kernels", "threads", "memory", "model"] {
            #expect(run.output.contains(line))
        }
        #expect(try DarkroomProcess.run("doctor", "--model", "/nowhere").status == 1)
        #expect(try DarkroomProcess.run("doctor", "--model", DarkroomProcess.model, "--device", "cuda:999").status == 1)
    }

    @Test func benchTimesEachNetworkAndCountsItsOperationsByKind() throws {
        struct Kind: Decodable {
            var seconds: Double
            var gflop: Double
            var gflopPerS: Double
            var percentOfPeak: Double
        }
        let run = try DarkroomProcess.run(
            "bench",
            "--model",
            DarkroomProcess.model,
            "--size",
            "64",
            "--repeats",
            "2",
            "--json"
        )
        #expect(run.status == 0)
        #expect(run.errors.isEmpty, "no progress bar without a terminal")
        let report = try #require(try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any])
        for key in [
            "unet_s", "guided_step_s", "vae_decode_s", "text_pair_s", "load_s", "first_forward_s", "peak_rss_gb",
            "peak_gflops_before", "peak_gflops_after",
        ] {
            let value = try #require(report[key] as? Double, "\(key)")
            #expect(value.isFinite && value > 0, "\(key)")
        }
        #expect(try #require(report["first_forward_s"] as? Double) >= #require(report["load_s"] as? Double) - 0.02)

        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        let breakdown = try decoder.decode(
            [String: [String: Kind]].self,
            from: try JSONSerialization.data(withJSONObject: try #require(report["breakdown"]))
        )
        let unet = try #require(breakdown["unet"])
        let autoencoder = try #require(breakdown["decoder"])
        for kinds in [unet, autoencoder] {
            #expect(Set(kinds.keys) == ["conv", "linear", "attention", "norm", "other"])
            for kind in kinds.values {
                #expect(kind.seconds > 0)
                #expect(abs(kind.gflopPerS * kind.seconds - kind.gflop) < 1e-9)
                #expect(kind.percentOfPeak.isFinite && (kind.percentOfPeak > 0) == (kind.gflop > 0))
            }
        }
        // What torch counts in diffusers' networks, less the prompts' keys and values, which are not of the evaluation.
        #expect(abs(unet.values.reduce(0) { $0 + $1.gflop } - 0.038369664) < 1e-12)
        #expect(abs(try #require(unet["attention"]).gflop - 0.00764352) < 1e-12)
        #expect(abs(autoencoder.values.reduce(0) { $0 + $1.gflop } - 0.122812416) < 1e-12)
    }

    private func decode(_ path: String) throws -> DecodedImage {
        let bytes = try #require(FileManager.default.contents(atPath: path))
        return try ImageDecoder().decode([UInt8](bytes))
    }
}
