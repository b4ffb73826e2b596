// SPDX-License-Identifier: Apache-2.0

/// The linear map from inputs to outputs that is wrong by the least: `[inputs, outputs]`.
///
/// Solves the normal equations, with a little added to their diagonal so that inputs which do not vary cannot spoil it.
func leastSquares(_ inputs: [[Double]], _ outputs: [[Double]]) -> [[Double]] {
    precondition(inputs.count == outputs.count && !inputs.isEmpty, "each input has an output")
    let unknowns = inputs[0].count
    let columns = outputs[0].count
    // 1. The normal equations, with all right-hand sides beside them.
    var rows = [[Double]](repeating: [Double](repeating: 0, count: unknowns + columns), count: unknowns)
    for (input, output) in zip(inputs, outputs) {
        for row in 0..<unknowns {
            for column in 0..<unknowns { rows[row][column] += input[row] * input[column] }
            for column in 0..<columns { rows[row][unknowns + column] += input[row] * output[column] }
        }
    }
    let trace = (0..<unknowns).reduce(0) { $0 + rows[$1][$1] }
    for row in 0..<unknowns { rows[row][row] += 1e-6 * trace / Double(unknowns) }

    // 2. Elimination; the matrix is symmetric and positive, so its diagonal will do for pivots.
    for pivot in 0..<unknowns {
        for row in 0..<unknowns where row != pivot {
            let share = rows[row][pivot] / rows[pivot][pivot]
            for column in pivot..<unknowns + columns { rows[row][column] -= share * rows[pivot][column] }
        }
    }
    return rows.enumerated().map { index, row in row[unknowns...].map { $0 / row[index] } }
}
