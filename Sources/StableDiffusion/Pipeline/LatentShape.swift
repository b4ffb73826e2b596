// SPDX-License-Identifier: Apache-2.0

/// The extents of one picture's latents.
///
/// Samplers and noise hold them channel by channel, the order in which torch draws them; the networks hold them pixel by
/// pixel. They are small, so they are turned around on the host.
package struct LatentShape: Hashable, Sendable {
    package var channels: Int
    package var height: Int
    package var width: Int

    package init(channels: Int, height: Int, width: Int) {
        self.channels = channels
        self.height = height
        self.width = width
    }

    package var count: Int { channels * height * width }

    /// `[channels, height, width]` to `[height, width, channels]`.
    package func channelsLast(_ values: [Float]) -> [Float] {
        transposed(values, rows: channels, columns: height * width)
    }

    /// `[height, width, channels]` to `[channels, height, width]`.
    package func channelsFirst(_ values: [Float]) -> [Float] {
        transposed(values, rows: height * width, columns: channels)
    }

    private func transposed(_ values: [Float], rows: Int, columns: Int) -> [Float] {
        precondition(values.count == rows * columns, "\(values.count) values are not \(self)")
        return [Float](capacity: values.count) { output in
            for column in 0..<columns {
                for row in 0..<rows {
                    output.append(values[row * columns + column])
                }
            }
        }
    }
}
