#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Compare Darkroom's networks at full size with diffusers in float32. README.md beside this file says how.

    compare_full_size.py make MODEL OUT [--case NAME ...] [--dtype bfloat16]
    compare_full_size.py compare EXPECTED ACTUAL [--limit 1e-3]
"""
import argparse
import math
import sys
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

PROMPTS = ["a photograph of an astronaut riding a horse on the moon", ""]


def draw(*shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def unet_inputs(size):
    """Two rows that share nothing: a late and an early timestep, one of them between two integers."""
    return {"latent": draw(2, 4, size, size, seed=1), "timestep": torch.tensor([981.0, 39.25]),
            "context": draw(2, 77, 1024, seed=2)}


def text_inputs(model):
    from transformers import CLIPTokenizer

    tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return {"ids": ids.int()}


def encode_inputs():
    """A picture with large and small detail, in [-1, 1]."""
    smooth = torch.nn.functional.interpolate(draw(1, 3, 8, 8, seed=3), size=512, mode="bicubic")
    return {"image": (0.5 * smooth + 0.1 * draw(1, 3, 512, 512, seed=4)).clamp(-1, 1)}


def run_text(network, inputs):
    return {"context": network(inputs["ids"].long()).last_hidden_state}


def run_unet(network, inputs):
    return {"output": network(inputs["latent"], inputs["timestep"], inputs["context"]).sample}


def run_decoder(network, inputs):
    return {"image": network.decode(inputs["latent"]).sample}


def run_encoder(network, inputs):
    posterior = network.encode(inputs["image"]).latent_dist
    return {"mean": posterior.mean, "logvar": posterior.logvar}


# name: the part of the model, its inputs, how to run it
CASES = {
    "text-encoder": ("text_encoder", text_inputs, run_text),
    "unet-64": ("unet", lambda _: unet_inputs(64), run_unet),
    "unet-96": ("unet", lambda _: unet_inputs(96), run_unet),
    "vae-decode-64": ("vae", lambda _: {"latent": 4 * draw(1, 4, 64, 64, seed=5)}, run_decoder),
    "vae-encode-512": ("vae", lambda _: encode_inputs(), run_encoder),
}


def load(model, part, dtype):
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel

    kind = {"text_encoder": CLIPTextModel, "unet": UNet2DConditionModel, "vae": AutoencoderKL}[part]
    return kind.from_pretrained(model / part, dtype=dtype).eval()


@torch.no_grad()
def make(options):
    torch.set_num_threads(options.threads)
    dtype = getattr(torch, options.dtype)
    part, network = None, None
    for name in options.case or CASES:
        wanted, inputs, run = CASES[name]
        if wanted != part:
            network = None  # before the next part is loaded: never two in memory
            part, network = wanted, load(options.model, wanted, dtype)
        tensors = inputs(options.model)
        folder = options.out / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / "inputs.safetensors")
        # A timestep stays float32: bfloat16 does not hold 981.
        typed = {key: value if key in ("ids", "timestep") else value.to(dtype) for key, value in tensors.items()}
        outputs = {key: value.float().contiguous() for key, value in run(network, typed).items()}
        save_file(outputs, folder / "outputs.safetensors")
        print(name, {key: (list(value.shape), f"rms {value.square().mean().sqrt():.4g}")
                     for key, value in outputs.items()}, flush=True)


def outputs_of(path):
    """The case folders under `path`, or `path` itself if it is a file."""
    if path.is_file():
        return {"": path}
    return {file.parent.name: file for file in sorted(path.glob("*/outputs.safetensors"))}


def difference(expected, actual):
    """Relative L2 of the whole tensor, the worst row's, and the largest difference by the expected values' RMS."""
    expected, actual = expected.double(), actual.double()
    error = actual - expected
    rows = error.flatten(1).norm(dim=1) / expected.flatten(1).norm(dim=1)
    rms = expected.norm() / math.sqrt(expected.numel())
    return float(error.norm() / expected.norm()), float(rows.max()), float(error.abs().max() / rms)


def compare(options):
    actual_files, failed = outputs_of(options.actual), False
    print(f"{'case':16} {'tensor':8} {'relative L2':>12} {'worst row':>12} {'max / RMS':>12}")
    for case, file in outputs_of(options.expected).items():
        if case not in actual_files:
            print(f"{case:16} missing")
            failed = True
            continue
        with safe_open(file, "pt") as expected, safe_open(actual_files[case], "pt") as actual:
            for key in expected.keys():
                if key not in actual.keys():
                    print(f"{case:16} {key:8} missing")
                    failed = True
                    continue
                want, got = expected.get_tensor(key), actual.get_tensor(key)
                if want.shape != got.shape:
                    print(f"{case:16} {key:8} is {list(got.shape)}, expected {list(want.shape)}")
                    failed = True
                    continue
                whole, row, worst = difference(want, got)
                print(f"{case:16} {key:8} {whole:12.3e} {row:12.3e} {worst:12.3e}")
                failed = failed or not whole <= options.limit  # so that NaN fails
    return 1 if failed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)

    making = commands.add_parser("make", help="write inputs and outputs of every case")
    making.add_argument("model", type=Path, help="a diffusers model directory")
    making.add_argument("out", type=Path)
    making.add_argument("--case", action="append", choices=CASES)
    making.add_argument("--dtype", default="float32", choices=["float32", "bfloat16"])
    making.add_argument("--threads", type=int, default=1)
    making.set_defaults(run=make)

    comparing = commands.add_parser("compare", help="report how far the outputs in ACTUAL are from EXPECTED")
    comparing.add_argument("expected", type=Path, help="a folder of cases, or one .safetensors file")
    comparing.add_argument("actual", type=Path)
    comparing.add_argument("--limit", type=float, default=math.inf, help="largest relative L2 that passes")
    comparing.set_defaults(run=compare)

    options = parser.parse_args()
    sys.exit(options.run(options))


if __name__ == "__main__":
    main()
