# SPDX-License-Identifier: Apache-2.0
"""A contact sheet: 24 fixed prompts, drawn by an exported model."""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from sample import generate, load_pipeline

PROMPTS = (
    "calico cat wearing a cosmonaut suit, 3d render, pixar style, 8k, high resolution",
    "a red rocket in space",
    "a white cat in the snow",
    "a green robot in the city at night",
    "a blue house on the beach",
    "a yellow car in the desert",
    "an orange tree in the forest",
    "a purple boat by the sea at night",
    "a cat",
    "a bear wearing a cosmonaut suit on the moon",
    "a black cat in a meadow",
    "a rocket in the city",
    "a red house in the snow at night",
    "a blue car in the city",
    "a green tree in a meadow",
    "a red boat on the beach",
    "an orange bear in the forest",
    "a purple robot in the desert",
    "a yellow cat wearing a cosmonaut suit in space",
    "a white rocket in the desert at night",
    "calico cat on the beach",
    "a red robot wearing a space suit in the snow",
    "a black car in the forest at night",
    "a blue rocket, 3d render, pixar style",
)


def contact_sheet(pictures, columns=6, size=256) -> Image.Image:
    """The pictures in rows, each scaled down to `size`."""
    rows = -(-len(pictures) // columns)
    sheet = Image.new("RGB", (columns * size, rows * size))
    for i, picture in enumerate(pictures):
        small = Image.fromarray(np.asarray(picture)).resize((size, size), Image.Resampling.BOX)
        sheet.paste(small, (i % columns * size, i // columns * size))
    return sheet


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("image", type=Path)
    parser.add_argument("--guidance", type=float, default=7.5)
    args = parser.parse_args()
    pictures = generate(load_pipeline(args.model), list(PROMPTS), [1] * len(PROMPTS), guidance=args.guidance, batch=6)
    contact_sheet(pictures).save(args.image)


if __name__ == "__main__":
    main()
