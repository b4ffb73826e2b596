# SPDX-License-Identifier: Apache-2.0
"""Makes checkpoints of an exported model, so that its training can go on where `runs/` is gone.

The weights come from the exported directory, the few that are not in it from `stem.safetensors`
beside this file. Optimizer states are not kept: a stage that resumes starts its schedule anew.
"""

import argparse
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file
from transformers import CLIPTextModel

from autoencoder import Autoencoder
from common import save
from denoiser import Denoiser, load_tokenizer
from export import fold_statistics


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("model", type=Path, help="the exported directory")
    args = parser.parse_args()
    args.runs.mkdir(parents=True, exist_ok=True)
    stem = load_file(Path(__file__).with_name("stem.safetensors"))
    mean, std = stem.pop("mean"), stem.pop("std")

    autoencoder = Autoencoder()
    autoencoder.load_state_dict(stem, strict=False)
    autoencoder.kl.load_state_dict(AutoencoderKL.from_pretrained(args.model / "vae").state_dict())
    fold_statistics(autoencoder.kl, -mean / std, 1 / std)  # undoes the folding
    state = autoencoder.state_dict()
    for stage in ("small", "decoder", "encoder"):
        save(args.runs / f"{stage}.pt", model=state, average=state, step=0, seconds=0.0)

    denoiser = Denoiser(load_tokenizer(args.runs))
    denoiser.unet.load_state_dict(UNet2DConditionModel.from_pretrained(args.model / "unet").state_dict())
    text = CLIPTextModel.from_pretrained(args.model / "text_encoder", dtype=torch.float32)
    denoiser.text.load_state_dict(text.state_dict())
    state = denoiser.state_dict()
    save(args.runs / "softened.pt", model=state, average=state, step=0, seconds=0.0)


if __name__ == "__main__":
    main()
