// SPDX-License-Identifier: Apache-2.0

import GRDB

extension StoreError {
    /// What an error of the database means to whoever uses the store.
    init(_ error: any Error) {
        switch error {
        case let error as StoreError:
            self = error
        case let error as DatabaseError:
            self.init(error)
        default:
            // What was stored does not decode.
            self = .damaged("\(error)")
        }
    }

    private init(_ error: DatabaseError) {
        // The message alone: the statement's arguments are nobody's business.
        let message = error.message ?? "\(error.resultCode)"
        self =
            switch error.extendedResultCode {
            // The index of the write-ahead log could not grow.
            case .SQLITE_FULL, .SQLITE_IOERR_SHMSIZE: .full
            case .SQLITE_READONLY: .readOnly
            case .SQLITE_BUSY, .SQLITE_LOCKED: .busy
            case .SQLITE_CANTOPEN, .SQLITE_IOERR, .SQLITE_PERM, .SQLITE_AUTH: .unreachable(message)
            default: .damaged(message)
            }
    }
}
