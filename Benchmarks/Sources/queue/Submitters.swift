// SPDX-License-Identifier: Apache-2.0

import Jobs

/// Those who ask for pictures.
struct Submitters {
    let plan: Plan
    let stores: [any Store]
    let journal: Journal
    let request: GenerationRequest

    /// Opens the accounts, with credits for everything.
    func open() async throws {
        for number in 0..<plan.accounts {
            _ = try await stores[0].openAccount(account(number))
            _ = try await stores[0].grant(Credits(microcredits: 1_000_000_000_000), to: account(number))
        }
    }

    /// Submits until it is cancelled: at the plan's rate, or as many as the workers take.
    func run(_ submitter: Int) async {
        var due = ContinuousClock.now
        while !Task.isCancelled {
            if let rate = plan.rate {
                // Whether or not the one before is done: those that are late follow each other.
                due += .seconds(Double(plan.submitters) / rate)
                try? await Task.sleep(until: due)
            } else if journal.openCount >= plan.window {
                try? await Task.sleep(for: .milliseconds(1))
                continue
            }
            await submit(to: stores[submitter % stores.count])
        }
    }

    private func submit(to store: any Store) async {
        let isGreedy = Double.random(in: 0..<1) < plan.greed
        let number = isGreedy ? 0 : Int.random(in: min(1, plan.accounts - 1)..<plan.accounts)
        do {
            let start = ContinuousClock.now
            let outcome = try await store.submit(
                Submission(
                    account: account(number),
                    key: nil,
                    endpoint: "sd2.1-txt2img",
                    request: request,
                    price: Credits(microcredits: 3000)
                )
            )
            journal.submit.record(.now - start)
            if case .accepted(let job, _) = outcome {
                journal.submitted(job.id, isGreedy: isGreedy)
            } else {
                journal.refused()
            }
        } catch {
            journal.failed(error)
        }
    }

    private func account(_ number: Int) -> AccountID {
        guard let account = AccountID("account-\(number)") else { fatalError("not an account's name") }
        return account
    }
}
