// SPDX-License-Identifier: Apache-2.0

import Tensor

extension Device {
    /// All of `x`'s rows one time after the other until there are `rows`, a multiple of its own; `x` if it has as many.
    func repeated(_ x: Tensor, rows: Int) -> Tensor {
        let count = rows / x.shape[0]
        return count == 1 ? x : stack([Tensor](repeating: x, count: count))
    }
}
