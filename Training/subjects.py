# SPDX-License-Identifier: Apache-2.0
"""The subjects of drawings. Each stands on (0, 0) and is about 330 high."""

import math

import skia

from pen import INK, LINE, WHITE, box, ellipse, mix, polygon
from scenes import CHARACTERS, COLOURS


def contrast(colour):
    """A colour for stripes and spots that shows on `colour`."""
    return mix(colour, WHITE, 0.72) if sum(colour) < 330 else mix(colour, (48, 30, 60), 0.62)


def coat(pen, path, item, patches=(), line=LINE):
    """Fills a part of a subject with its colour and pattern; `patches` are calico's."""
    colour = COLOURS[item.colour]
    if item.pattern == "plain":
        pen.solid(path, colour, line)
        return
    pen.solid(path, colour, line=0)
    b = path.getBounds()

    def draw():
        mark = contrast(colour)
        if item.pattern == "striped":
            for n in range(math.floor(b.top() / 40), math.ceil(b.bottom() / 40) + 1):
                stripe = box(b.left() - 9, n * 40, b.right() + 9, n * 40 + 18)
                pen.fill(stripe, mark)
        elif item.pattern == "spotted":
            for row in range(math.floor(b.top() / 38), math.ceil(b.bottom() / 38) + 1):
                for column in range(math.floor(b.left() / 52) - 1, math.ceil(b.right() / 52) + 1):
                    pen.fill(ellipse(column * 52 + row % 2 * 26, row * 38, 13), mark)
        else:
            for name, x, y, rx, ry in patches:
                pen.fill(ellipse(x, y, rx, ry), COLOURS[name])

    pen.clipped(path, draw)
    if line:
        pen.stroke(path, width=line)


def eyes(pen, x, y, iris, rx=19, ry=23):
    for side in (-1, 1):
        pen.solid(ellipse(side * x, y, rx, ry), WHITE, line=4)
        pen.fill(ellipse(side * x, y + 2, rx * 0.72, ry * 0.74), iris)
        pen.fill(ellipse(side * x, y + 2, rx * 0.42, ry * 0.52), INK)
        pen.fill(ellipse(side * x - 5, y - 6, 5), WHITE)


def cat_head(pen, item):
    face = [("orange", -66, -262, 52, 46), ("black", 66, -250, 46, 52)]
    for side, ear in ((-1, "orange"), (1, "black")):
        points = ((side * 84, -245), (side * 80, -338), (side * 22, -288))
        pen.solid(polygon(*points), COLOURS[ear if item.pattern == "calico" else item.colour])
        pen.fill(polygon((side * 74, -262), (side * 72, -316), (side * 38, -286)), (246, 160, 170))
    coat(pen, ellipse(0, -228, 94, 76), item, face)
    eyes(pen, 38, -232, (70, 170, 90))
    pen.fill(ellipse(0, -190, 34, 22), mix(WHITE, (255, 240, 225), 0.5))
    pen.solid(polygon((-10, -206), (10, -206), (0, -194)), (240, 120, 140), line=3)
    for side in (-1, 1):
        mouth = skia.Path()
        mouth.moveTo(0, -192)
        mouth.quadTo(side * 9, -178, side * 20, -186)
        pen.stroke(mouth, width=4)


def cat_body(pen, item):
    tail = skia.Path()
    tail.moveTo(60, -36)
    tail.cubicTo(150, -20, 150, -90, 128, -150)
    fill = COLOURS["black" if item.pattern == "calico" else item.colour]
    pen.stroke(tail, INK, 40)
    pen.stroke(tail, fill, 29)
    spots = [("orange", 66, -110, 44, 56), ("black", -64, -50, 38, 46)]
    coat(pen, ellipse(0, -86, 82, 90), item, spots)
    if item.pattern == "plain":
        pen.fill(ellipse(0, -84, 44, 62), WHITE, 150)
    for side in (-1, 1):
        coat(pen, ellipse(side * 40, -16, 38, 20), item)


def bear_head(pen, item):
    for side in (-1, 1):
        pen.solid(ellipse(side * 82, -296, 36), COLOURS[item.colour])
        pen.fill(ellipse(side * 82, -294, 19), (236, 190, 160))
    coat(pen, ellipse(0, -232, 104, 88), item)
    eyes(pen, 40, -246, (120, 74, 40), 15, 18)
    pen.solid(ellipse(0, -202, 44, 34), (240, 206, 170), line=4)
    pen.fill(ellipse(0, -217, 18, 12), INK)
    smile = skia.Path()
    smile.moveTo(-18, -194)
    smile.quadTo(0, -178, 18, -194)
    pen.stroke(smile, width=4)


def bear_body(pen, item):
    for side in (-1, 1):
        pen.solid(ellipse(side * 62, -24, 42, 28), COLOURS[item.colour])
        coat(pen, ellipse(side * 102, -112, 34, 58), item)
    coat(pen, ellipse(0, -92, 104, 90), item)
    if item.pattern == "plain":
        pen.fill(ellipse(0, -84, 64, 62), (240, 206, 170))


def robot_head(pen, item):
    pen.stroke(polygon((0, -300), (0, -330)), width=8)
    pen.solid(ellipse(0, -334, 13), (232, 60, 50), line=4)
    for side in (-1, 1):
        pen.solid(box(side * 98 - 14, -252, side * 98 + 14, -204, 6), (150, 154, 166))
    coat(pen, box(-90, -304, 90, -158, 20), item)
    pen.fill(box(-70, -278, 70, -184, 16), (40, 46, 66))
    for side in (-1, 1):
        pen.fill(ellipse(side * 34, -240, 19), (120, 240, 250))
        pen.fill(ellipse(side * 34, -240, 8), WHITE)
    pen.fill(box(-30, -208, 30, -198, 5), (120, 240, 250))


def robot_body(pen, item):
    for side in (-1, 1):
        pen.solid(box(side * 44 - 24, -44, side * 44 + 24, 4, 8), (150, 154, 166))
        pen.solid(box(side * 106 - 18, -138, side * 106 + 18, -40, 16), (150, 154, 166))
    coat(pen, box(-84, -152, 84, -28, 16), item)
    pen.solid(box(-48, -124, 48, -62, 8), (236, 238, 242), line=4)
    for x, lamp in ((-26, (230, 60, 50)), (0, (250, 200, 50)), (26, (60, 180, 80))):
        pen.fill(ellipse(x, -93, 10), lamp)


def dog_head(pen, item):
    coat(pen, ellipse(0, -232, 90, 78), item)
    for side in (-1, 1):
        pen.canvas.save()
        pen.canvas.translate(side * 88, -236)
        pen.canvas.rotate(-side * 14)
        ear = mix(COLOURS[item.colour], (50, 30, 40), 0.34)
        pen.solid(ellipse(0, 14, 27, 62), ear)
        pen.canvas.restore()
    eyes(pen, 36, -246, (110, 70, 40), 16, 19)
    pen.solid(ellipse(0, -196, 50, 36), mix(COLOURS["white"], (240, 220, 190), 0.5), line=4)
    pen.fill(ellipse(0, -214, 21, 14), INK)
    pen.stroke(polygon((0, -202), (0, -190)), width=4)
    pen.solid(ellipse(0, -172, 13, 16), (240, 110, 130), line=3)


def dog_body(pen, item):
    tail = skia.Path()
    tail.moveTo(66, -60)
    tail.quadTo(128, -70, 122, -128)
    pen.stroke(tail, INK, 34)
    pen.stroke(tail, COLOURS[item.colour], 23)
    coat(pen, ellipse(0, -84, 80, 92), item)
    for side in (-1, 1):
        coat(pen, ellipse(side * 42, -18, 38, 22), item)


def rabbit_head(pen, item):
    for side in (-1, 1):
        pen.canvas.save()
        pen.canvas.translate(side * 36, -284)
        pen.canvas.rotate(side * 9)
        pen.solid(ellipse(0, -44, 26, 72), COLOURS[item.colour])
        pen.fill(ellipse(0, -40, 12, 52), (250, 170, 184))
        pen.canvas.restore()
    coat(pen, ellipse(0, -224, 82, 72), item)
    eyes(pen, 34, -232, (190, 60, 90), 16, 20)
    for side in (-1, 1):
        pen.solid(ellipse(side * 15, -190, 18, 14), WHITE, line=3)
    pen.fill(box(-9, -182, 9, -164, 3), WHITE)
    pen.stroke(box(-9, -182, 9, -164, 3), width=3)
    pen.solid(ellipse(0, -204, 11, 8), (244, 120, 144), line=3)


def rabbit_body(pen, item):
    pen.solid(ellipse(86, -40, 26), WHITE)
    coat(pen, ellipse(0, -82, 76, 86), item)
    for side in (-1, 1):
        coat(pen, ellipse(side * 46, -14, 46, 20), item)


def snowman_head(pen, item):
    coat(pen, ellipse(0, -238, 78, 72), item)
    for side in (-1, 1):
        pen.fill(ellipse(side * 27, -256, 10), INK)
    pen.solid(polygon((-4, -246), (-4, -222), (62, -228)), (244, 130, 40), line=4)
    for i in range(5):
        pen.fill(ellipse(-28 + i * 14, -202 + (2 - abs(2 - i)) * 5, 5), INK)


def snowman_body(pen, item):
    for side in (-1, 1):
        arm = polygon((side * 70, -130), (side * 134, -176))
        pen.stroke(arm, (96, 62, 40), 11)
        pen.stroke(polygon((side * 112, -160), (side * 140, -150)), (96, 62, 40), 7)
    coat(pen, ellipse(0, -78, 112, 84), item)
    coat(pen, ellipse(0, -142, 88, 62), item)
    for y in (-166, -136, -106):
        pen.fill(ellipse(0, y, 9), INK)


def suit(pen):
    """The cosmonaut suit, in place of a character's body."""
    white, orange = (240, 242, 248), (240, 120, 40)
    for side in (-1, 1):
        pen.solid(box(side * 92 - 26, -150, side * 92 + 26, -58, 26), (196, 200, 214))
    for side in (-1, 1):
        pen.solid(ellipse(side * 98, -98, 32, 52), white)
        pen.solid(ellipse(side * 106, -52, 26, 22), orange)
        pen.solid(box(side * 42 - 38, -42, side * 42 + 38, 4, 18), orange)
    pen.solid(box(-84, -164, 84, -18, 50), white)
    pen.solid(box(-44, -116, 44, -58, 10), (70, 84, 120), line=4)
    for x, lamp in ((-22, (230, 60, 50)), (2, (250, 200, 50)), (26, (80, 200, 230))):
        pen.fill(ellipse(x, -88, 9), lamp)
    pen.fill(box(-66, -44, 66, -34, 4), orange)


def helmet(pen):
    glass = ellipse(0, -238, 132, 128)
    pen.fill(glass, (170, 220, 255), 34)
    pen.stroke(glass, (226, 232, 244), 13)
    pen.stroke(ellipse(0, -238, 139, 135), width=4)
    shine = skia.Path()
    shine.arcTo(skia.Rect.MakeLTRB(-108, -342, 108, -134), 195, 50, True)
    pen.stroke(shine, WHITE, 12)
    pen.solid(box(-92, -142, 92, -116, 13), (196, 200, 214))


def hat(pen, top):
    """A top hat on a head whose crown is at `top`."""
    black, band = (56, 48, 74), (220, 60, 70)
    pen.solid(box(-56, top - 92, 56, top + 8, 10), black)
    pen.fill(box(-53, top - 24, 53, top + 2), band)
    pen.solid(box(-96, top - 2, 96, top + 20, 11), black)


def scarf(pen):
    """A scarf of red and white between head and body."""
    red = (226, 48, 62)
    tail = box(26, -160, 72, -56, 10)
    for path in (tail, box(-84, -176, 84, -136, 20)):
        pen.solid(path, red, line=0)
        pen.clipped(path, lambda path=path: [pen.fill(box(x, -200, x + 15, -40), WHITE) for x in range(-90, 90, 34)])
        pen.stroke(path)


def rocket(pen, item):
    fill = COLOURS[item.colour]
    flame = skia.Path()
    flame.moveTo(-38, -56)
    flame.quadTo(-34, -10, 0, 8)
    flame.quadTo(34, -10, 38, -56)
    flame.close()
    pen.solid(flame, (250, 150, 40), line=4)
    pen.fill(ellipse(0, -46, 17, 28), (255, 232, 120))
    for side in (-1, 1):
        pen.solid(polygon((side * 52, -150), (side * 118, -70), (side * 114, -22), (side * 46, -66)), (206, 60, 60))
    hull = skia.Path()
    hull.moveTo(0, -352)
    hull.cubicTo(96, -270, 88, -140, 56, -56)
    hull.lineTo(-56, -56)
    hull.cubicTo(-88, -140, -96, -270, 0, -352)
    hull.close()
    coat(pen, hull, item)
    pen.clipped(hull, lambda: pen.fill(box(-100, -360, 100, -290), (206, 60, 60)))
    pen.stroke(hull)
    pen.solid(ellipse(0, -218, 37), (236, 238, 242), line=5)
    pen.solid(ellipse(0, -218, 25), (110, 196, 240), line=4)
    pen.fill(box(-68, -118, 68, -104), mix(fill, INK, 0.3))


def house(pen, item):
    pen.solid(box(62, -300, 100, -200), (176, 96, 76))
    coat(pen, box(-128, -180, 128, 0), item)
    pen.solid(polygon((-158, -176), (0, -316), (158, -176)), (150, 70, 56))
    pen.solid(box(-28, -96, 28, 0, 6), (120, 78, 48))
    pen.fill(ellipse(16, -46, 5), (250, 210, 80))
    for side in (-1, 1):
        x = side * 80
        pen.solid(box(x - 30, -142, x + 30, -82, 4), (160, 220, 250), line=5)
        pen.stroke(polygon((x, -142), (x, -82)), WHITE, 5)
        pen.stroke(polygon((x - 28, -112), (x + 28, -112)), WHITE, 5)
    pen.solid(ellipse(0, -222, 24), (160, 220, 250), line=5)


def tree(pen, item):
    fill = COLOURS[item.colour]
    pen.solid(polygon((-26, -140), (26, -140), (40, 0), (-40, 0)), (132, 84, 50))
    circles = [(-84, -176, 68), (84, -176, 68), (-62, -258, 66), (62, -258, 66), (0, -298, 58), (0, -200, 84)]
    crown = ellipse(*circles[0])
    for circle in circles[1:]:
        crown = skia.Op(crown, ellipse(*circle), skia.kUnion_PathOp)
    coat(pen, crown, item)
    if item.pattern == "plain":
        for x, y, r in circles[:5]:
            pen.fill(ellipse(x - r * 0.3, y - r * 0.32, r * 0.34), mix(fill, WHITE, 0.3))


def car(pen, item):
    fill = COLOURS[item.colour]
    cabin = polygon((-104, -128), (-66, -218), (54, -218), (104, -128))
    coat(pen, cabin, item)
    for points in (((-84, -132), (-54, -202), (-10, -202), (-10, -132)), ((6, -132), (6, -202), (46, -202), (82, -132))):
        pen.solid(polygon(*points), (170, 224, 250), line=4)
    coat(pen, box(-172, -138, 172, -44, 34), item)
    pen.fill(box(-166, -72, 166, -60), mix(fill, INK, 0.3))
    pen.solid(ellipse(154, -104, 16), (255, 240, 160), line=4)
    pen.fill(box(-14, -116, 14, -107, 4), INK)
    for x in (-98, 98):
        pen.solid(ellipse(x, -44, 47), (64, 62, 72))
        pen.solid(ellipse(x, -44, 23), (214, 218, 226), line=4)


def boat(pen, item):
    pen.solid(box(-8, -336, 8, -90, 4), (132, 84, 50))
    pen.solid(polygon((16, -326), (16, -112), (138, -112)), (250, 250, 252))
    pen.solid(polygon((-16, -292), (-16, -112), (-112, -112)), (232, 236, 244))
    hull = skia.Path()
    hull.moveTo(-164, -96)
    hull.lineTo(164, -96)
    hull.quadTo(140, -10, 88, 0)
    hull.lineTo(-88, 0)
    hull.quadTo(-140, -10, -164, -96)
    hull.close()
    coat(pen, hull, item)
    if item.pattern == "plain":
        pen.fill(box(-146, -76, 146, -64), WHITE, 220)


def flower(pen, item):
    stem = skia.Path()
    stem.moveTo(0, 0)
    stem.quadTo(-14, -90, 0, -200)
    pen.stroke(stem, INK, 26)
    pen.stroke(stem, (70, 156, 72), 15)
    for side, y in ((-1, -56), (1, -96)):
        leaf = skia.Path()
        leaf.moveTo(-4, y)
        leaf.quadTo(side * 40, y - 60, side * 104, y - 40)
        leaf.quadTo(side * 60, y + 14, -4, y)
        pen.solid(leaf, (84, 176, 80))
    for i in range(6):
        angle = i * math.pi / 3 + math.pi / 6
        coat(pen, ellipse(70 * math.cos(angle), -236 + 70 * math.sin(angle), 49), item)
    pen.solid(ellipse(0, -236, 42), (250, 206, 60) if item.colour != "yellow" else (150, 92, 50))


def balloon(pen, item):
    for side in (-1, 1):
        pen.stroke(polygon((side * 60, -138), (side * 30, -62)), (120, 84, 60), 6)
    envelope = skia.Path()
    envelope.moveTo(-44, -120)
    envelope.cubicTo(-150, -200, -136, -352, 0, -352)
    envelope.cubicTo(136, -352, 150, -200, 44, -120)
    envelope.close()
    coat(pen, envelope, item)
    pen.solid(box(-44, -130, 44, -112, 6), (250, 226, 150))
    pen.solid(box(-40, -70, 40, -8, 10), (176, 120, 70))
    for y in (-52, -32):
        pen.stroke(polygon((-38, y), (38, y)), (126, 82, 46), 5)


def mushroom(pen, item):
    stalk = skia.Path()
    stalk.moveTo(-46, -150)
    stalk.quadTo(-40, -60, -64, -8)
    stalk.quadTo(0, 14, 64, -8)
    stalk.quadTo(40, -60, 46, -150)
    stalk.close()
    pen.solid(stalk, (248, 236, 214))
    cap = skia.Path()
    cap.moveTo(-164, -138)
    cap.cubicTo(-150, -280, -70, -334, 0, -334)
    cap.cubicTo(70, -334, 150, -280, 164, -138)
    cap.quadTo(0, -98, -164, -138)
    cap.close()
    coat(pen, cap, item)


HEADS = {
    "cat": cat_head, "dog": dog_head, "rabbit": rabbit_head, "bear": bear_head, "robot": robot_head,
    "snowman": snowman_head,
}  # fmt: skip
BODIES = {
    "cat": cat_body, "dog": dog_body, "rabbit": rabbit_body, "bear": bear_body, "robot": robot_body,
    "snowman": snowman_body,
}  # fmt: skip
THINGS = {
    "rocket": rocket, "house": house, "tree": tree, "car": car, "boat": boat, "flower": flower, "balloon": balloon,
    "mushroom": mushroom,
}  # fmt: skip
# Where a hat sits, and how far a head shrinks into its helmet.
CROWNS = {"cat": -298, "dog": -304, "rabbit": -286, "bear": -312, "robot": -304, "snowman": -302}
SHRUNK = {"rabbit": 0.7, "bear": 0.84, "robot": 0.78}


def subject(pen, item):
    pen.fill(ellipse(0, -2, 150, 17), INK, 70)  # the shadow on the ground
    if item.subject not in CHARACTERS:
        THINGS[item.subject](pen, item)
        return
    if item.clothes == "suit":
        suit(pen)
    else:
        BODIES[item.subject](pen, item)
    if item.clothes == "scarf":
        scarf(pen)
    pen.canvas.save()
    if item.clothes == "suit":  # the head shrinks into its helmet
        scale = SHRUNK.get(item.subject, 0.9)
        pen.canvas.translate(0, -238 + (22 if item.subject == "rabbit" else 0))
        pen.canvas.scale(scale, scale)
        pen.canvas.translate(0, 246)
    HEADS[item.subject](pen, item)
    pen.canvas.restore()
    if item.clothes == "suit":
        helmet(pen)
    elif item.clothes == "hat":
        hat(pen, CROWNS[item.subject])
