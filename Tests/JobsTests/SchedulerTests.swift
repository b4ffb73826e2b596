// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing

struct SchedulerTests {
    @Test(arguments: Scheduler.allCases)
    func `an API name is read in any case`(scheduler: Scheduler) {
        #expect(Scheduler(name: scheduler.rawValue) == scheduler)
        #expect(Scheduler(name: scheduler.rawValue.lowercased()) == scheduler)
        #expect(Scheduler(name: scheduler.rawValue.uppercased()) == scheduler)
    }

    @Test(arguments: [
        ("DDIMScheduler", Scheduler.ddim), ("DPMSolverMultistepScheduler", .dpmMulti), ("dpmpp_2m", .dpmMulti),
        ("DPM++ 2M", .dpmMulti), ("DPMSolverSinglestepScheduler", .dpmSingle), ("euler_a", .eulerAncestral),
        ("k_euler_ancestral", .eulerAncestral), ("EulerAncestralDiscreteScheduler", .eulerAncestral),
        ("k_euler", .euler), ("EulerDiscreteScheduler", .euler), ("HeunDiscreteScheduler", .heun),
        ("KDPM2AncestralDiscreteScheduler", .dpm2AncestralKarras), ("dpm2_a_karras", .dpm2AncestralKarras),
        ("KDPM2DiscreteScheduler", .dpm2Karras), ("k_lms", .lms), ("PNDMScheduler", .pndm), ("PLMS", .pndm),
        ("DDPMScheduler", .ddpm), ("UniPCMultistepScheduler", .uniPC), ("uni_pc", .uniPC),
    ])
    func `other tools' names are read`(name: String, scheduler: Scheduler) {
        #expect(Scheduler(name: name) == scheduler)
    }

    @Test(arguments: ["", " ", "DDIMM", "dpmpp_2m_karras", "dpmpp_sde", "k"])
    func `an unknown name is no sampler`(name: String) {
        #expect(Scheduler(name: name) == nil)
    }
}
