# SPDX-License-Identifier: Apache-2.0
"""Makes the picture files in this folder. Needs Pillow and NumPy: python make_fixtures.py

Each NAME.png / .jpeg / .webp that is read has the samples expected from it in NAME.rgb: (height, width, 3) bytes, over white.
The PNG files are put together chunk by chunk here, so that what is expected of them rests on no PNG library.
"""

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

FOLDER = Path(__file__).parent
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
rng = np.random.Generator(np.random.PCG64(2023))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def rows(samples, depth):
    """Unfiltered scanlines of (height, width, channels) samples."""
    out = b""
    for row in samples:
        if depth == 16:
            packed = row.astype(">u2").tobytes()
        else:
            bits = np.unpackbits(row.astype(np.uint8).reshape(-1, 1), axis=1)[:, 8 - depth :]
            packed = np.packbits(bits.reshape(-1)).tobytes()
        out += b"\0" + packed
    return out


def png(samples, depth, colour_type, interlaced=False, extra=b""):
    height, width, _ = samples.shape
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        raw = b"".join(rows(p, depth) for p in passes if p.size)
    else:
        raw = rows(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, colour_type, 0, 0, int(interlaced))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + extra + chunk(b"IDAT", zlib.compress(raw, 9)) + chunk(b"IEND", b"")
    )


def over_white(rgb, alpha):
    rgb, alpha = rgb.astype(int), alpha.astype(int)
    return ((rgb * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def write(name, data, expected):
    (FOLDER / name).write_bytes(data)
    (FOLDER / (name.rsplit(".", 1)[0] + ".rgb")).write_bytes(np.ascontiguousarray(expected, dtype=np.uint8).tobytes())


def random(channels, depth=8, size=(7, 11)):
    return rng.integers(0, 1 << depth, size=(*size, channels))


def png_files():
    for depth in (1, 2, 4, 8):
        grey = random(1, depth)
        write(f"grey{depth}.png", png(grey, depth, 0), np.repeat(grey * 255 // ((1 << depth) - 1), 3, axis=2))
    grey = random(1, 16)
    write("grey16.png", png(grey, 16, 0), np.repeat(grey >> 8, 3, axis=2))
    grey = random(1)
    key = int(grey[0, 0, 0])
    write(
        "grey-key.png",
        png(grey, 8, 0, extra=chunk(b"tRNS", struct.pack(">H", key))),
        np.repeat(np.where(grey == key, 255, grey), 3, axis=2),
    )
    rgb = random(3, 16)
    write("rgb16.png", png(rgb, 16, 2), rgb >> 8)
    rgb = random(3)
    write("rgb-interlaced.png", png(rgb, 8, 2, interlaced=True), rgb)
    palette, opacity, index = random(3, size=(1, 16))[0], random(1, size=(1, 16))[0], random(1, 4)
    write(
        "palette-alpha.png",
        png(index, 4, 3, extra=chunk(b"PLTE", palette.astype(np.uint8).tobytes()) + chunk(b"tRNS", opacity.astype(np.uint8).tobytes())),
        over_white(palette[index[..., 0]], opacity[index[..., 0]]),
    )
    grey_alpha = random(2)
    write("grey-alpha.png", png(grey_alpha, 8, 4), over_white(np.repeat(grey_alpha[..., :1], 3, axis=2), grey_alpha[..., 1:]))
    rgba = random(4)
    write("rgba.png", png(rgba, 8, 6), over_white(rgba[..., :3], rgba[..., 3:]))


def smooth(width, height):
    y, x = np.mgrid[0:height, 0:width]
    planes = [127 + 120 * np.sin(x / 5 + y / 9), 127 + 120 * np.cos(x / 7 - y / 4), 127 + 120 * np.sin((x + y) / 6)]
    return Image.fromarray(np.stack(planes, axis=2).round().astype(np.uint8))


def file_bytes(image, kind, **options):
    out = io.BytesIO()
    image.save(out, kind, **options)
    return out.getvalue()


def jpeg_and_webp_files():
    picture = smooth(20, 13)

    def pillow(name, image, kind, **options):
        data = file_bytes(image, kind, **options)
        seen = ImageOps.exif_transpose(Image.open(io.BytesIO(data))).convert("RGB")
        write(name, data, np.asarray(seen))

    pillow("baseline.jpeg", picture, "JPEG", quality=90, subsampling=2)
    pillow("progressive.jpeg", picture, "JPEG", quality=90, subsampling=0, progressive=True)
    pillow("grey.jpeg", picture.convert("L"), "JPEG", quality=90)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        pillow(f"orientation{orientation}.jpeg", picture, "JPEG", quality=90, subsampling=0, exif=exif)
    pillow("rotated.webp", picture, "WEBP", lossless=True, exif=exif_with(6))
    pillow("lossy.webp", picture, "WEBP", quality=90)
    pillow("lossless.webp", picture, "WEBP", lossless=True)
    (FOLDER / "cmyk.jpeg").write_bytes(file_bytes(picture.convert("CMYK"), "JPEG"))
    (FOLDER / "animated.webp").write_bytes(
        file_bytes(picture, "WEBP", save_all=True, append_images=[ImageOps.mirror(picture)], duration=100)
    )
    rgba = rng.integers(0, 256, size=(5, 6, 4)).astype(np.uint8)
    data = file_bytes(Image.fromarray(rgba), "WEBP", lossless=True, exact=True)
    write("alpha.webp", data, over_white(rgba[..., :3], rgba[..., 3:]))


def exif_with(orientation):
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


def resized_files():
    noise = Image.fromarray(rng.integers(0, 256, size=(29, 37, 3)).astype(np.uint8))
    noise.save(FOLDER / "resize-source.png")
    for size in [(16, 16), (64, 48), (37, 10), (5, 29), (1, 1), (38, 31)]:
        noise.resize(size, Image.Resampling.LANCZOS).save(FOLDER / f"resize-{size[0]}x{size[1]}.png")


def foreign_metadata_files():
    """What other programs write: the layouts differ from ours."""
    picture = smooth(8, 8)
    little = b"II*\0" + struct.pack("<I", 8)
    comment = b"UNICODE\0" + "a cat, été".encode("utf-16-le")
    little += struct.pack("<H", 1) + struct.pack("<HHII", 0x8769, 4, 1, 26) + struct.pack("<I", 0)
    little += struct.pack("<H", 1) + struct.pack("<HHII", 0x9286, 7, len(comment), 44) + struct.pack("<I", 0) + comment
    (FOLDER / "comment-little-endian.jpeg").write_bytes(file_bytes(picture, "JPEG", exif=b"Exif\0\0" + little))
    xmp = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
        b'xmlns:Iptc4xmpExt="http://iptc.org/std/Iptc4xmpExt/2008-02-29/" Iptc4xmpExt:DigitalSourceType='
        b'"http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"/></rdf:RDF></x:xmpmeta>'
    )
    (FOLDER / "mark-as-attribute.webp").write_bytes(file_bytes(picture, "WEBP", xmp=xmp))


png_files()
jpeg_and_webp_files()
resized_files()
foreign_metadata_files()
