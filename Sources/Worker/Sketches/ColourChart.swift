// SPDX-License-Identifier: Apache-2.0

import Foundation
import StableDiffusion

/// A picture with all kinds of colours in it, flat, graded and next to each other.
struct ColourChart {
    /// Pixels along each side.
    let side: Int
    let picture: Picture

    init(side: Int) {
        self.side = side
        var pixels: [UInt8] = []
        pixels.reserveCapacity(side * side * 3)
        for y in 0..<side {
            for x in 0..<side {
                let (u, v) = (Double(x) / Double(side), Double(y) / Double(side))
                for channel in 0..<3 {
                    pixels.append(Self.value(u, v, channel: channel))
                }
            }
        }
        picture = Picture(width: side, height: side, pixels: pixels)
    }

    /// Waves of another length and direction for each colour, so that all mixtures occur; the upper left quarter in flat
    /// fields.
    private static func value(_ u: Double, _ v: Double, channel: Int) -> UInt8 {
        let fields = 8.0
        let isFlat = u < 0.5 && v < 0.5
        let x = isFlat ? (u * fields).rounded(.down) / fields : u
        let y = isFlat ? (v * fields).rounded(.down) / fields : v
        let waves: [(x: Double, y: Double, phase: Double)] = [(3, 1, 0), (-1, 4, 2), (2, -3, 4)]
        let wave = waves[channel]
        let value = 0.5 + 0.5 * sin(2 * .pi * (wave.x * x + wave.y * y) + wave.phase)
        return UInt8((value * 255).rounded())
    }

    /// The mean colours of `count` by `count` parts of a square, row by row, 0…255.
    func blocks(x: Int, y: Int, side: Int, count: Int) -> [Double] {
        let part = side / count
        var means = [Double](repeating: 0, count: count * count * 3)
        for row in 0..<part * count {
            for column in 0..<part * count {
                for channel in 0..<3 {
                    let value = picture.pixels[((y + row) * self.side + x + column) * 3 + channel]
                    means[(row / part * count + column / part) * 3 + channel] += Double(value)
                }
            }
        }
        return means.map { $0 / Double(part * part) }
    }
}
