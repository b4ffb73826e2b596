# SPDX-License-Identifier: Apache-2.0
"""Writes noise.json: numbers of torch's CPU generator. Needs torch; run as `python make_noise.py`.

Floats are stored as their 32-bit patterns, so that the comparison is exact. Long draws keep the first and the last 64
numbers and a checksum of all of them (FNV-1a, 64 bit, over the patterns as words).
"""

import json
import pathlib

import torch

SEEDS = [0, 1, 42, 2**32 + 1, 17123564234]
COUNTS = [1, 5, 15, 16, 17, 31, 32, 100, 16384, 36864, 4 * 65 * 65]
FULL = 100  # draws up to this length are stored whole
EDGE = 64


def bits(values):
    return values.view(torch.int32).to(torch.int64).bitwise_and(0xFFFFFFFF).tolist()


def checksum(words):
    state = 0xCBF29CE484222325
    for word in words:
        state = (state ^ word) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return state


def draw(seed, count):
    values = torch.randn(count, generator=torch.Generator("cpu").manual_seed(seed), dtype=torch.float32)
    entry = {"seed": seed, "count": count}
    if count <= FULL:
        entry["values"] = bits(values)
    else:
        entry["first"] = bits(values[:EDGE])
        entry["last"] = bits(values[-EDGE:])
        entry["checksum"] = checksum(bits(values))
    return entry


def sequence(seed, counts):
    """Several draws from one generator: what one draw leaves behind shows in the next."""
    generator = torch.Generator("cpu").manual_seed(seed)
    draws = [bits(torch.randn(count, generator=generator, dtype=torch.float32)) for count in counts]
    return {"seed": seed, "counts": counts, "draws": draws}


fixture = {
    "torch": torch.__version__.split("+")[0],
    "draws": [draw(seed, count) for seed in SEEDS for count in COUNTS],
    "sequences": [sequence(7, [5, 20, 3, 16, 1]), sequence(8, [36, 36, 36])],
}
path = pathlib.Path(__file__).with_name("noise.json")
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(path.name, path.stat().st_size, "bytes")
