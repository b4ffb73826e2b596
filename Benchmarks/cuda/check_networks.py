#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds networks.py against diffusers and transformers: names, shapes and numbers, of small networks, on the processor."""
import sys

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

from networks import Autoencoder, CLIPText, UNet


def hold(name, ours, theirs, run_ours, run_theirs):
    state = {key.removeprefix("text_model."): value for key, value in theirs.state_dict().items() if "position_ids" not in key}
    ours.load_state_dict(state, strict=True)
    expected = run_theirs(theirs.eval())
    distance = float((run_ours(ours.eval()) - expected).norm() / expected.norm())
    print(f"{name:12} {distance:.1e}")
    return distance < 1e-5


@torch.no_grad()
def main():
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=16, block_out_channels=(32, 64, 96, 96), attention_head_dim=(2, 4, 6, 6), cross_attention_dim=48,
        norm_num_groups=8, use_linear_projection=True, down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
        up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3)
    vae = AutoencoderKL(
        block_out_channels=(16, 32, 32, 32), layers_per_block=2, norm_num_groups=8, latent_channels=4,
        down_block_types=["DownEncoderBlock2D"] * 4, up_block_types=["UpDecoderBlock2D"] * 4)
    text = CLIPTextModel(CLIPTextConfig(
        vocab_size=500, hidden_size=32, intermediate_size=128, num_hidden_layers=3, num_attention_heads=2, hidden_act="gelu"))
    latents, context, times = torch.randn(2, 4, 16, 24), torch.randn(2, 77, 48), torch.tensor([981.0, 3.0])
    pixels, ids = torch.randn(1, 3, 64, 32), torch.randint(0, 500, (2, 77))
    coder = Autoencoder((16, 32, 32, 32), 8)
    right = [
        hold("unet", UNet((32, 64, 96, 96), (2, 4, 6, 6), 48, 8), unet,
             lambda n: n(latents, times, context), lambda n: n(latents, times, context).sample),
        hold("decoder", coder, vae, lambda n: n.decode(latents), lambda n: n.decode(latents).sample),
        hold("encoder", coder, vae, lambda n: n.quant_conv(n.encoder(pixels)), lambda n: n.encode(pixels).latent_dist.parameters),
        hold("text encoder", CLIPText(32, 3, 2, 500), text, lambda n: n(ids), lambda n: n(ids).last_hidden_state),
    ]
    return 0 if all(right) else 1


if __name__ == "__main__":
    sys.exit(main())
