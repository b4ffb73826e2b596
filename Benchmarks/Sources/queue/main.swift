// SPDX-License-Identifier: Apache-2.0

import Foundation
import Jobs

// The queue alone: submitters and workers who do nothing but talk to a store, by a plan in JSON on standard input.
// Benchmarks/queue starts it, between a line `measuring` at the end of the warm-up and a line with what was measured.

let plan = try JSONDecoder().decode(Plan.self, from: FileHandle.standardInput.readToEnd() ?? Data())
guard let location = StoreLocation(plan.database) else { fatalError("not a store: \(plan.database)") }

var stores: [any Store] = []
for _ in 0..<plan.stores { stores.append(try await location.open(policy: plan.policy)) }

var parameters = GenerationParameters()
parameters.prompt = "an astronaut in the style of an early photograph"
let request = try GenerationRequest(
    validating: parameters,
    limits: GenerationLimits(),
    defaults: GenerationDefaults(width: 512, height: 512)
)

let journal = Journal()
let submitters = Submitters(plan: plan, stores: stores, journal: journal, request: request)
let picture = (0..<plan.pictureBytes).map { _ in UInt8.random(in: .min ... .max) }
let workers = Workers(plan: plan, stores: stores, journal: journal, picture: picture)
try await submitters.open()

let maintenance = stores[0]
try await withThrowingTaskGroup(of: Void.self) { group in
    for number in 0..<plan.workers { group.addTask { [workers] in await workers.run(number) } }
    for number in 0..<plan.submitters { group.addTask { [submitters] in await submitters.run(number) } }
    group.addTask { [journal, maintenance] in
        while !Task.isCancelled {
            do { _ = try await maintenance.maintain() } catch { journal.failed(error) }
            try? await Task.sleep(for: .seconds(1))
        }
    }
    try await Task.sleep(for: .seconds(plan.warmUpSeconds))
    journal.clear()
    print("measuring")
    fflush(nil)
    let start = ContinuousClock.now
    try await Task.sleep(for: .seconds(plan.seconds))
    let seconds = (ContinuousClock.now - start) / .seconds(1)
    print(String(decoding: try JSONEncoder().encode(journal.report(seconds: seconds)), as: UTF8.self))
    fflush(nil)
    group.cancelAll()

}
let problems = try await stores[0].verifyLedger().problems
for problem in problems.prefix(10) { print("PROBLEM", problem) }
