# SPDX-License-Identifier: Apache-2.0
"""Draws a scene with Skia. Coordinates are those of a 512 px square; any size can be asked for.

A picture that is not square shows a part of its background, of the whole width or height and down to the ground, as
large as a square one would; what stands before it is as large as the shorter side asks.
"""

from random import Random

import numpy as np
import skia

from backgrounds import PLATES, weather
from pen import Pen
from scenes import Scene
from subjects import subject

# Where the items stand (x, y of their feet) and how large they are.
PLACES = {
    1: ((256, 452, 1.0),),
    2: ((142, 452, 0.62), (370, 452, 0.62)),
    3: ((94, 452, 0.48), (256, 452, 0.48), (418, 452, 0.48)),
    4: ((150, 296, 0.44), (362, 296, 0.44), (150, 470, 0.44), (362, 470, 0.44)),
    "left": ((142, 452, 0.62), (370, 452, 0.62)),
    "right": ((370, 452, 0.62), (142, 452, 0.62)),
    "above": ((256, 244, 0.58), (256, 474, 0.58)),
    "below": ((256, 474, 0.58), (256, 244, 0.58)),
}


def draw(scene: Scene, width: int, height: int | None = None) -> np.ndarray:
    """The picture of a scene: [height, width, 3] bytes, RGB; a square one if no height is given."""
    height = height or width
    rng = Random(scene.seed)
    surface = skia.Surface(width, height)
    canvas = surface.getCanvas()
    cover = max(width, height) / 512
    canvas.save()
    canvas.translate((width - 512 * cover) / 2, height - 512 * cover)
    canvas.scale(cover, cover)
    pen = Pen(canvas, 256 - width / cover / 2, 512 - height / cover)
    PLATES[scene.background](pen, rng, scene.night)
    canvas.restore()
    alone = scene.relation == "none"
    places = PLACES[scene.count if alone else scene.relation]
    for index, (x, y, scale) in enumerate(places):
        scale *= rng.uniform(0.97, 1.03) * min(width, height) / 512
        canvas.save()
        canvas.translate((x + rng.uniform(-6, 6)) * width / 512, (y + rng.uniform(-4, 4)) * height / 512)
        canvas.scale(scale, scale)
        subject(pen, scene.items[0 if alone else index])
        canvas.restore()
    canvas.scale(cover, cover)
    weather(pen, rng, scene.weather)
    return surface.toarray(colorType=skia.kRGBA_8888_ColorType)[:, :, :3].copy()
