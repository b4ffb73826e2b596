#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes a Stable Diffusion 2.1 model with random weights, full size, in the layout of diffusers, with torch alone.

    make_model.py DIRECTORY TOKENIZER

TOKENIZER is a directory with CLIP's vocab.json and merges.txt. Pictures are noise; names, shapes and speed are the real thing.
"""
import json
import os
import shutil
import sys

import torch
from safetensors.torch import save_file

from networks import Autoencoder, CLIPText, UNet

CONFIGS = {
    "unet": {
        "_class_name": "UNet2DConditionModel", "act_fn": "silu", "attention_head_dim": [5, 10, 20, 20],
        "block_out_channels": [320, 640, 1280, 1280], "center_input_sample": False, "cross_attention_dim": 1024,
        "down_block_types": ["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"], "downsample_padding": 1,
        "flip_sin_to_cos": True, "freq_shift": 0, "in_channels": 4, "layers_per_block": 2, "mid_block_scale_factor": 1,
        "norm_eps": 1e-5, "norm_num_groups": 32, "out_channels": 4, "sample_size": 96, "use_linear_projection": True,
        "up_block_types": ["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3},
    "vae": {
        "_class_name": "AutoencoderKL", "act_fn": "silu", "block_out_channels": [128, 256, 512, 512],
        "down_block_types": ["DownEncoderBlock2D"] * 4, "in_channels": 3, "latent_channels": 4, "layers_per_block": 2,
        "norm_num_groups": 32, "out_channels": 3, "sample_size": 768, "up_block_types": ["UpDecoderBlock2D"] * 4},
    "text_encoder": {
        "architectures": ["CLIPTextModel"], "hidden_act": "gelu", "hidden_size": 1024, "intermediate_size": 4096,
        "layer_norm_eps": 1e-5, "max_position_embeddings": 77, "model_type": "clip_text_model", "num_attention_heads": 16,
        "num_hidden_layers": 23, "projection_dim": 512, "vocab_size": 49408},
    "scheduler": {
        "_class_name": "DDIMScheduler", "beta_end": 0.012, "beta_schedule": "scaled_linear", "beta_start": 0.00085,
        "clip_sample": False, "num_train_timesteps": 1000, "prediction_type": "v_prediction", "set_alpha_to_one": False,
        "steps_offset": 1}}
FILES = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}


def main(directory, tokenizer):
    torch.manual_seed(0)
    if torch.cuda.is_available():
        torch.set_default_device("cuda")
    for name, module in {"unet": UNet, "vae": Autoencoder, "text_encoder": CLIPText}.items():
        os.makedirs(os.path.join(directory, name), exist_ok=True)
        network = module().half()
        if name == "text_encoder":
            # As CLIP is initialised: torch's own would make activations of hundreds.
            for embedding in network.embeddings.values():
                torch.nn.init.normal_(embedding.weight, std=0.02)
        prefix = "text_model." if name == "text_encoder" else ""
        tensors = {prefix + key: value.cpu().contiguous() for key, value in network.state_dict().items()}
        save_file(tensors, os.path.join(directory, name, FILES[name] + ".safetensors"))
    for name, config in CONFIGS.items():
        os.makedirs(os.path.join(directory, name), exist_ok=True)
        file = "scheduler_config.json" if name == "scheduler" else "config.json"
        with open(os.path.join(directory, name, file), "w", encoding="utf-8") as out:
            json.dump(config, out, indent=2)
    shutil.copytree(tokenizer, os.path.join(directory, "tokenizer"), dirs_exist_ok=True)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(sys.argv[1], sys.argv[2])
