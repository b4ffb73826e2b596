# SPDX-License-Identifier: Apache-2.0
"""What drawings are made of: colours, shapes, and the pen that outlines and lights them."""

import skia

INK = (36, 32, 50)
WHITE = (255, 255, 255)
LINE = 6.0


def mix(a, b, t):
    """The colour a fraction `t` of the way from `a` to `b`."""
    return tuple(x + (y - x) * t for x, y in zip(a, b))


def paint(colour, alpha=255, width=None):
    """A fill, or a round stroke `width` wide."""
    r, g, b = (max(0, min(255, round(c))) for c in colour)
    p = skia.Paint(AntiAlias=True, Color=skia.Color(r, g, b, alpha))
    if width:
        p.setStyle(skia.Paint.kStroke_Style)
        p.setStrokeWidth(width)
        p.setStrokeCap(skia.Paint.kRound_Cap)
        p.setStrokeJoin(skia.Paint.kRound_Join)
    return p


def gradient(top, bottom, y0, y1):
    """A vertical gradient fill."""
    p = paint(top)
    colours = [skia.Color(*(max(0, min(255, round(c))) for c in colour)) for colour in (top, bottom)]
    p.setShader(skia.GradientShader.MakeLinear([skia.Point(0, y0), skia.Point(0, y1)], colours))
    return p


def polygon(*points):
    path = skia.Path()
    path.addPoly([skia.Point(x, y) for x, y in points], True)
    return path


def ellipse(x, y, rx, ry=None):
    ry = rx if ry is None else ry
    return skia.Path().addOval(skia.Rect.MakeLTRB(x - rx, y - ry, x + rx, y + ry))


def box(x0, y0, x1, y1, r=0):
    return skia.Path().addRRect(skia.RRect.MakeRectXY(skia.Rect.MakeLTRB(x0, y0, x1, y1), r, r))


class Pen:
    """Draws outlined shapes that are lit from the upper left.

    `left` and `top` are where the part of the background begins that a picture shows, the same distance from the right.
    """

    def __init__(self, canvas, left=0.0, top=0.0):
        self.canvas, self.left, self.top = canvas, left, top

    def fill(self, path, colour, alpha=255):
        self.canvas.drawPath(path, paint(colour, alpha))

    def stroke(self, path, colour=INK, width=LINE):
        self.canvas.drawPath(path, paint(colour, 255, width))

    def solid(self, path, colour, line=LINE):
        """A shape with volume: a radial gradient from light to shade, and an outline."""
        b = path.getBounds()
        radius = max(b.width(), b.height()) * 0.95
        p = paint(colour)
        stops = [mix(colour, WHITE, 0.28), colour, mix(colour, (30, 20, 70), 0.28)]
        stops = [skia.Color(*(max(0, min(255, round(c))) for c in s)) for s in stops]
        centre = skia.Point(b.left() + b.width() * 0.32, b.top() + b.height() * 0.24)
        p.setShader(skia.GradientShader.MakeRadial(centre, radius, stops, [0, 0.45, 1]))
        self.canvas.drawPath(path, p)
        if line:
            self.stroke(path, width=line)

    def clipped(self, path, draw):
        """Runs `draw` with everything outside `path` masked."""
        self.canvas.save()
        self.canvas.clipPath(path, doAntiAlias=True)
        draw()
        self.canvas.restore()
