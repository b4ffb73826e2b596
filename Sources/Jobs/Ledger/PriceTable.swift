// SPDX-License-Identifier: Apache-2.0

/// What pictures cost: by their size, for each evaluation of the UNet.
package struct PriceTable: Equatable, Sendable {
    /// The price of pictures up to a size.
    package struct Row: Equatable, Sendable {
        /// The most pixels of a picture this row is for.
        package var maxPixels: Int
        /// What one evaluation costs.
        package var perEvaluation: Credits

        package init(maxPixels: Int, perEvaluation: Credits) {
            self.maxPixels = maxPixels
            self.perEvaluation = perEvaluation
        }
    }

    private let rows: [Row]

    /// 0.003 credits for 512x512 and 25 evaluations, and in proportion to the pixels above.
    package static let standard = PriceTable([
        Row(maxPixels: 512 * 512, perEvaluation: Credits(microcredits: 120)),
        Row(maxPixels: 768 * 768, perEvaluation: Credits(microcredits: 270)),
        Row(maxPixels: 1024 * 1024, perEvaluation: Credits(microcredits: 480)),
    ])

    /// Nothing costs anything.
    package static let free = PriceTable([])

    /// A table of these rows, in any order.
    ///
    /// Larger pictures than the largest row's cost in proportion to it; without rows, nothing costs anything.
    package init(_ rows: [Row]) {
        self.rows = rows.sorted { $0.maxPixels < $1.maxPixels }
    }

    /// The price of all pictures of `request`.
    package func price(of request: GenerationRequest) -> Credits {
        guard let largest = rows.last else { return .zero }
        let pixels = request.width * request.height
        let row = rows.first { pixels <= $0.maxPixels } ?? largest
        let evaluations = Int64(request.evaluations * request.samples)
        // Rounded up, one evaluation at a time, so that twice the steps cost twice as much.
        let scale = max(Int64(pixels), Int64(row.maxPixels))
        let perEvaluation = (row.perEvaluation.microcredits * scale + Int64(row.maxPixels) - 1) / Int64(row.maxPixels)
        return Credits(microcredits: perEvaluation * evaluations)
    }
}
