// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Jobs

/// The jobs of a service.
struct JobsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "List, show and cancel jobs.",
        subcommands: [List.self, Show.self, Cancel.self]
    )

    /// Lists jobs, the newest first.
    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "List jobs, the newest first.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Option(help: ArgumentHelp("List this account's jobs only.", valueName: "name"))
        var account: AccountID?

        @Option(help: "How many to list, 1 to 1000.")
        var limit = 20

        @Flag(help: "Print JSON.")
        var json = false

        func validate() throws {
            guard (1...1000).contains(limit) else {
                throw ValidationError("--limit must be between 1 and 1000. Given: \(limit)")
            }
        }

        func run() async throws {
            let store = try await databaseOptions.open()
            let reports = try await store.jobs(of: account, after: nil, limit: limit).jobs.map { JobReport($0) }
            if json {
                try Terminal.printJSON(reports)
            } else {
                print(TextTable(["id", "account", "state", "price", "failures", "submitted"], reports.map(\.row)))
            }
        }
    }

    /// Shows all that is known of a job but its prompt.
    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Show what happened to a job.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Argument(help: "The job's id: the request_id of its answer.")
        var id: JobID

        @Flag(help: "Print JSON.")
        var json = false

        func run() async throws {
            let store = try await databaseOptions.open()
            var report = JobReport(try await store.job(id, of: nil).found(id))
            report.events = try await store.events(of: id, after: nil, waitingUpTo: .zero).map(EventReport.init)
            report.deliveries = try await store.deliveries(of: id).map(DeliveryReport.init)
            if json {
                try Terminal.printJSON(report)
            } else {
                print(report.text)
            }
        }
    }

    /// Cancels a job and refunds it.
    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Cancel a job and refund it.")

        @OptionGroup var databaseOptions: DatabaseOptions

        @Argument(help: "The job's id: the request_id of its answer.")
        var id: JobID

        func run() async throws {
            let store = try await databaseOptions.open()
            let job = try await store.cancel(id, of: nil).found(id)
            guard job.lifecycle.state == .ended(.cancelled) else {
                throw Failure(subject: "\(id)", reason: "is over already: \(JobReport(job).state)")
            }
        }
    }
}

extension JobLookup {
    /// The job, which must be there.
    fileprivate func found(_ id: JobID) throws -> Job {
        switch self {
        case .found(let job): return job
        case .expired: throw Failure(subject: "\(id)", reason: "the job's record has expired")
        case .unknown: throw Failure(subject: "\(id)", reason: "there is no job with this id")
        }
    }
}
