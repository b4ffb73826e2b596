// SPDX-License-Identifier: Apache-2.0

/// Why a store could not do what it was asked.
///
/// Whatever was under way is undone completely: a store never does half of something. What a caller did wrong is not here,
/// it is an outcome of the method (``SubmissionOutcome``, ``Authentication``, …).
package enum StoreError: Error, Equatable, Sendable {
    /// There is no space left for the data.
    case full
    /// The data cannot be written to.
    case readOnly
    /// Other processes kept the store busy for too long; the same call may succeed later.
    case busy
    /// The store cannot be opened or reached.
    case unreachable(String)
    /// A newer version of Darkroom has changed the store's tables.
    case newerVersion
    /// What is stored cannot be understood.
    case damaged(String)
    /// The operation names an account that was never opened.
    case unknownAccount(AccountID)
}

extension StoreError {
    /// Whether nothing was changed for sure: the other errors may come of a transaction whose end nobody was told of.
    package var meansUndone: Bool {
        switch self {
        case .full, .readOnly, .busy: true
        case .unreachable, .newerVersion, .damaged, .unknownAccount: false
        }
    }
}

extension StoreError: CustomStringConvertible {
    /// One line for the operator.
    package var description: String {
        switch self {
        case .full: "no space is left for the database"
        case .readOnly: "the database cannot be written to"
        case .busy: "other processes keep the database busy"
        case .unreachable(let reason): "the database cannot be opened: \(reason)"
        case .newerVersion: "the database was written by a newer version of Darkroom"
        case .damaged(let detail): "the database is damaged: \(detail)"
        case .unknownAccount(let account): "there is no account '\(account)'"
        }
    }
}
