// SPDX-License-Identifier: Apache-2.0

import EmbeddedModel
import Foundation
import StableDiffusion
import Tensor
import Testing

/// The model that ships with Darkroom, in whatever state of training it is.
@Suite struct EmbeddedModelTests {
    @Test func everySchedulerMakesAPictureWithIt() throws {
        let device = CPUDevice(precision: .bfloat16, threads: 2)
        let model = try StableDiffusionModel(ModelSource(path: EmbeddedModel.directory.path), on: device)
        for scheduler in SchedulerName.allCases {
            let request = PictureRequest(
                prompt: "calico cat wearing a cosmonaut suit",
                scheduler: scheduler,
                steps: 2,
                seed: 17_123_564_234,
                width: 256,
                height: 256
            )
            let result = try model.generate(request)
            #expect(result.pictures.count == 1, "\(scheduler.rawValue)")
        }
    }

    @Test func itIsNativeAt512AndSmallEnoughToShip() throws {
        let directory = EmbeddedModel.directory
        #expect(try ModelSource(path: directory.path).nativeSize == 512)
        let files = try #require(FileManager.default.subpaths(atPath: directory.path))
        let bytes = try files.reduce(0) { sum, file in
            let attributes = try FileManager.default.attributesOfItem(atPath: directory.appending(path: file).path)
            return sum + (attributes[.type] as? FileAttributeType == .typeRegular ? attributes[.size] as? Int ?? 0 : 0)
        }
        #expect(bytes < 40_000_000)
    }
}
