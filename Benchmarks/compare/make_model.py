#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write Stable Diffusion 2.1 at full size with random weights, in diffusers' layout (2.6 GB, float16).

    make_model.py OUT [--seed 0] [--single-file OUT.safetensors]

Its pictures are noise; its shapes, names and arithmetic, and so its speed and memory, are those of the published model.
The tokenizer is CLIP's own. `--single-file` also writes the weights under the original checkpoint's names.
"""
import argparse
import shutil
import sys
from pathlib import Path

import torch
from diffusers import AutoencoderKL, DDIMScheduler, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

FIXTURES = Path(__file__).resolve().parents[2] / "Tests/StableDiffusionTests/Fixtures"


def text_encoder():
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=49408, max_position_embeddings=77, hidden_act="gelu", layer_norm_eps=1e-5, hidden_size=1024,
        intermediate_size=4096, num_hidden_layers=23, num_attention_heads=16, projection_dim=512))


def unet():
    return UNet2DConditionModel(
        sample_size=96, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=[320, 640, 1280, 1280],
        attention_head_dim=[5, 10, 20, 20],  # head counts, in spite of the name
        cross_attention_dim=1024, use_linear_projection=True,
        down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
        up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3)


def vae():
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, layers_per_block=2, sample_size=768,
        block_out_channels=[128, 256, 512, 512], down_block_types=["DownEncoderBlock2D"] * 4,
        up_block_types=["UpDecoderBlock2D"] * 4)


def write_model(folder):
    for make in (text_encoder, unet, vae):  # one at a time: each is float32 while it is drawn
        make().half().save_pretrained(folder / make.__name__)
    DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, prediction_type="v_prediction").save_pretrained(folder / "scheduler")
    shutil.copytree(FIXTURES / "tokenizer/clip", folder / "tokenizer", dirs_exist_ok=True)


def write_single_file(folder, path):
    sys.path.append(str(FIXTURES / "tiny"))
    from single_file import original_names

    parts = {part: load_file(next((folder / part).glob("*.safetensors"))) for part in ("text_encoder", "unet", "vae")}
    # The original checkpoint also holds OpenCLIP's last block, which the model never runs.
    unused = {name: tensor.clone() for name, tensor in parts["text_encoder"].items() if ".layers.22." in name}
    save_file(original_names(**parts, unused_layer=unused), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--single-file", type=Path)
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    write_model(options.out)
    if options.single_file:
        write_single_file(options.out, options.single_file)


main()
