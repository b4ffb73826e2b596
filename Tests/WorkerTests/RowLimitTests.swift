// SPDX-License-Identifier: Apache-2.0

import Jobs
import Testing
import Worker

@Suite struct RowLimitTests {
    private let size = PictureSize(width: 512, height: 512)

    @Test func theFirstEvaluationOfASizeHasOnePicture() {
        var limit = RowLimit(most: 16, budget: 1000)
        #expect(limit.isUnknown(size))
        #expect(limit.rows(for: size) == 2)
        limit.measured(size, rows: 2, bytes: 200)
        #expect(!limit.isUnknown(size))
        #expect(limit.isUnknown(PictureSize(width: 768, height: 768)))
    }

    @Test(arguments: [(200, 10), (20, 16), (100_000, 2), (0, 16)])
    func afterItAsManyRowsAsFit(bytes: Int, rows: Int) {
        var limit = RowLimit(most: 16, budget: 1000)
        limit.measured(size, rows: 2, bytes: bytes)
        #expect(limit.rows(for: size) == rows)
    }
}
