# SPDX-License-Identifier: Apache-2.0
"""The backgrounds of drawings, and the weather before them. The horizon lies at 330; subjects stand at 452."""

import math

import skia

from pen import INK, WHITE, box, ellipse, gradient, mix, polygon

STARS = [((i * 197 + 31) % 512, (i * 89 + 17) % 300, 1.8 + (i * 7) % 3 * 0.7) for i in range(26)]


def sky(pen, rng, night, day_colours=((92, 178, 244), (206, 236, 252))):
    """Sky, stars or clouds, and the moon or the sun somewhere in the upper left."""
    top, bottom = ((16, 20, 60), (58, 64, 128)) if night else day_colours
    pen.canvas.drawRect(skia.Rect.MakeWH(512, 512), gradient(top, bottom, 0, 340))
    x, y = pen.left + 84 + rng.uniform(-22, 22), pen.top + 82 + rng.uniform(-16, 16)
    if night:
        for sx, sy, r in STARS:
            pen.fill(ellipse(sx, sy, r), WHITE)
        pen.fill(ellipse(x, y, 54), (255, 246, 200), 40)
        pen.fill(ellipse(x, y, 38), (252, 242, 200))
        for cx, cy, r in ((-12, -8, 9), (12, 6, 11), (-6, 16, 6)):
            pen.fill(ellipse(x + cx, y + cy, r), (228, 214, 166))
    else:
        pen.fill(ellipse(x, y, 60), (255, 240, 170), 90)
        pen.fill(ellipse(x, y, 42), (255, 216, 70))
        cloud(pen, 424 - pen.left + rng.uniform(-26, 26), pen.top + 92 + rng.uniform(-18, 18))


def cloud(pen, x, y):
    for dx, dy, r in ((-34, 8, 22), (0, -4, 32), (36, 6, 24)):
        pen.fill(ellipse(x + dx, y + dy, r), (250, 252, 255))
    pen.fill(box(x - 54, y + 4, x + 60, y + 30, 13), (250, 252, 255))


def hill(pen, base, height, phase, top, bottom):
    """A band of gently rolling ground from `base` down."""
    path = skia.Path()
    path.moveTo(0, 512)
    for x in range(0, 513, 16):
        path.lineTo(x, base - height * math.sin(x / 512 * 2 * math.pi + phase))
    path.lineTo(512, 512)
    path.close()
    pen.canvas.drawPath(path, gradient(top, bottom, base - height, 512))


def pine(pen, x, base, height, colour):
    pen.fill(box(x - 6, base - 22, x + 6, base + 6), (92, 62, 44))
    for i in range(3):
        y, w = base - 16 - i * height * 0.27, height * (0.34 - i * 0.07)
        pen.fill(polygon((x - w, y), (x + w, y), (x, y - height * 0.46)), mix(colour, INK, 0.06 * (2 - i)))


def dim(colour, night, tint=(18, 22, 66), amount=0.62):
    return mix(colour, tint, amount) if night else colour


def studio(pen, rng, night):
    top = rng.choice(((250, 232, 204), (206, 230, 246), (218, 242, 218)))
    pen.canvas.drawRect(skia.Rect.MakeWH(512, 512), gradient(mix(top, WHITE, 0.4), mix(top, INK, 0.06), 0, 512))
    pen.fill(ellipse(256, 452, 220, 44), mix(top, INK, 0.14))


def meadow(pen, rng, night):
    sky(pen, rng, night)
    hill(pen, 336, 26, rng.uniform(-0.4, 0.4), dim((140, 206, 96), night), dim((110, 180, 80), night))
    hill(pen, 392, 12, 2.2, dim((108, 190, 74), night), dim((66, 146, 58), night))
    for i in range(8):
        x, y = 30 + i * 65, 420 + (i * 37) % 70
        pen.fill(ellipse(x, y, 8), dim((255, 255, 255) if i % 2 else (255, 150, 180), night, amount=0.45))
        pen.fill(ellipse(x, y, 3), dim((255, 210, 70), night, amount=0.45))


def beach(pen, rng, night):
    sky(pen, rng, night)
    sea = rng.uniform(-8, 8)
    pen.canvas.drawRect(
        skia.Rect.MakeLTRB(0, 262 + sea, 512, 512),
        gradient(dim((30, 120, 206), night), dim((72, 196, 226), night), 262, 400),
    )
    for x, y, w in ((30, 292, 60), (420, 300, 70), (60, 336, 50), (400, 344, 60)):
        pen.stroke(polygon((x, y + sea), (x + w, y + sea)), dim((206, 240, 252), night, amount=0.5), 5)
    hill(pen, 384, 8, 1.0, dim((252, 250, 240), night), dim((246, 236, 214), night))
    hill(pen, 394, 8, 1.0, dim((250, 222, 156), night), dim((232, 190, 112), night))


def city(pen, rng, night):
    sky(pen, rng, night)
    shade = rng.uniform(-10, 10)
    walls = ((122, 140, 176), (152, 128, 152), (104, 124, 156), (160, 146, 140))
    for i, height in enumerate((150, 214, 120, 180, 240, 140, 226, 170)):
        x = i * 64
        wall = dim(tuple(c + shade for c in walls[i % 4]), night, (20, 22, 52), 0.7)
        pen.fill(box(x, 400 - height, x + 64, 400), wall)
        for row in range(int(height / 42)):
            for col in range(2):
                lit = (255, 222, 110) if night and (i + row + col) % 3 else dim((206, 226, 242), night)
                pen.fill(box(x + 11 + col * 26, 414 - height + row * 42, x + 27 + col * 26, 436 - height + row * 42), lit)
    pen.fill(box(0, 392, 512, 410), dim((190, 188, 192), night))
    pen.fill(box(0, 410, 512, 512), dim((92, 94, 106), night))
    for x in range(-30, 512, 120):
        pen.fill(box(x, 470, x + 66, 482, 3), dim((246, 232, 170), night, amount=0.4))


def forest(pen, rng, night):
    sky(pen, rng, night)
    hill(pen, 350, 6, 0, dim((70, 130, 74), night), dim((70, 130, 74), night))
    shift = rng.uniform(-10, 10)
    for i in range(9):
        pine(pen, shift + i * 64, 372, 190 + (i * 53) % 60, dim((58, 128, 84), night))
    for i, x in enumerate((-6, 62, 128, 384, 450, 518)):
        pine(pen, x - shift, 408, 250 - (i * 41) % 60, dim((34, 98, 62), night))
    hill(pen, 398, 6, 0.5, dim((92, 160, 70), night), dim((56, 112, 52), night))


def desert(pen, rng, night):
    sky(pen, rng, night, ((110, 190, 240), (252, 232, 190)))
    hill(pen, 326, 34, 0.6 + rng.uniform(-0.4, 0.4), dim((240, 184, 108), night), dim((222, 150, 80), night))
    hill(pen, 388, 16, 3.4, dim((250, 206, 126), night), dim((226, 158, 82), night))
    green = dim((70, 150, 84), night)
    for x, base, s in ((64, 412, 1.0), (446, 404, 0.85)):
        pen.stroke(polygon((x, base), (x, base - 110 * s)), green, 24 * s)
        for side, h in ((-1, 44), (1, 60)):
            arm = skia.Path()
            arm.moveTo(x, base - h * s)
            arm.lineTo(x + side * 34 * s, base - h * s)
            arm.lineTo(x + side * 34 * s, base - (h + 34) * s)
            pen.stroke(arm, green, 17 * s)


def mountains(pen, rng, night):
    sky(pen, rng, night, ((150, 194, 228), (232, 242, 250)))
    for x, peak, w in ((96, 150, 170), (420, 130, 190), (256, 190, 150)):
        peak += rng.uniform(-8, 8)
        pen.fill(polygon((x - w, 400), (x, peak), (x + w, 400)), dim((128, 150, 186), night))
        cap = 0.34
        y = peak + (400 - peak) * cap
        points = ((x - w * cap, y), (x - w * 0.12, y - 14), (x, y + 10), (x + w * 0.12, y - 14), (x + w * cap, y))
        pen.fill(polygon((x, peak), *points[::-1]), dim((250, 252, 255), night, amount=0.35))
    hill(pen, 376, 12, 0.4, dim((246, 250, 255), night, amount=0.38), dim((214, 228, 244), night, amount=0.4))
    for x in (36, 478):
        pine(pen, x, 402, 120, dim((70, 128, 124), night))
        pen.fill(polygon((x - 22, 336), (x + 22, 336), (x, 282)), dim((250, 252, 255), night, amount=0.35))


def space(pen, rng, night):
    pen.canvas.drawRect(skia.Rect.MakeWH(512, 512), gradient((18, 8, 40), (62, 26, 98), 0, 420))
    for x, y, r in STARS:
        pen.fill(ellipse(x, y * 1.2, r), (255, 250, 230))
    x, y = 410 - pen.left + rng.uniform(-22, 22), pen.top + 96 + rng.uniform(-16, 16)
    pen.solid(ellipse(x, y, 46), rng.choice(((236, 140, 80), (110, 170, 236))), line=0)
    ring = ellipse(x, y, 78, 18)
    pen.clipped(box(x - 90, y - 2, x + 90, y + 40), lambda: pen.stroke(ring, (250, 226, 170), 7))
    hill(pen, 402, 8, 1.6, (178, 174, 194), (122, 118, 146))
    for cx, cy, rx in ((70, 456, 46), (432, 470, 54), (250, 494, 40), (470, 424, 24)):
        pen.fill(ellipse(cx, cy, rx, rx * 0.3), (132, 128, 154))


def room(pen, rng, night):
    wall, floor = rng.choice((((244, 214, 180), (176, 120, 84)), ((196, 220, 208), (150, 112, 84))))
    pen.canvas.drawRect(skia.Rect.MakeWH(512, 512), gradient(mix(wall, WHITE, 0.25), wall, 0, 380))
    pen.canvas.drawRect(skia.Rect.MakeLTRB(0, 380, 512, 512), gradient(floor, mix(floor, INK, 0.25), 380, 512))
    pen.fill(box(0, 370, 512, 384), mix(floor, INK, 0.3))
    x = 84 + rng.uniform(-12, 12)
    pen.solid(box(x - 60, 70, x + 60, 210, 6), (150, 206, 244), line=0)
    for path in (box(x - 60, 70, x + 60, 210, 6), polygon((x, 70), (x, 210)), polygon((x - 60, 140), (x + 60, 140))):
        pen.stroke(path, (250, 250, 250), 10)
    y = 116 + rng.uniform(-8, 8)
    pen.solid(box(392, y - 46, 484, y + 46, 4), (250, 240, 214))
    pen.fill(ellipse(438, y, 26), (226, 110, 90))
    pen.fill(ellipse(256, 454, 214, 42), (206, 92, 92))
    pen.fill(ellipse(256, 454, 170, 31), (236, 160, 120))


PLATES = {
    "studio": studio, "meadow": meadow, "beach": beach, "city": city,
    "forest": forest, "desert": desert, "mountains": mountains, "space": space, "room": room,
}  # fmt: skip


def weather(pen, rng, kind):
    """Rain or snow in front of everything, and a veil of cloud over the colours."""
    if kind == "rain":
        pen.fill(box(0, 0, 512, 512), (88, 104, 130), 84)
        for i in range(46):
            x, y = (i * 131 + rng.uniform(-9, 9)) % 540, (i * 83) % 500
            pen.stroke(polygon((x, y), (x - 13, y + 36)), (214, 232, 250), 5)
    elif kind == "snow":
        pen.fill(box(0, 0, 512, 512), (214, 226, 240), 66)
        for i in range(60):
            x, y = (i * 131 + rng.uniform(-9, 9)) % 512, (i * 89 + 11) % 505
            pen.fill(ellipse(x, y, 7 + i % 3 * 1.5), WHITE)
