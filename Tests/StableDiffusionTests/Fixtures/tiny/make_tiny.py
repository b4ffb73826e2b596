# SPDX-License-Identifier: Apache-2.0
"""Write a Stable Diffusion 2.1 model small enough to commit, in both layouts that Darkroom reads.

    python make_tiny.py

writes, beside this script:
    diffusers/                text_encoder/ tokenizer/ unet/ vae/ scheduler/ model_index.json
    single-file.safetensors   the same weights under the names of Stability AI's original checkpoints

The block structure is that of the published model. Sizes are chosen so that they catch mistakes: channel counts that
no vector width divides, group sizes from 1 to 9 (the odd ones where an up block concatenates), head sizes 8 and
16, and a different count at each level. No parameter is left at 0 or 1, so that one that is not read shows in the
output. Values are drawn per parameter from its name, rounded to float16 and stored so: both sides compute with exactly
these numbers in float32.

Made with diffusers 0.42.1, transformers 5.23, torch 2.15.
"""
import json
import shutil
import zlib
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextConfig, CLIPTextModel

from byte_pairs import write_tokenizer
from single_file import original_names

here = Path(__file__).parent
model = here / "diffusers"
torch.set_num_threads(1)

VOCABULARY_SIZE = 700


def draw(name, shape):
    """Standard normal numbers that depend only on the parameter's name."""
    generator = torch.Generator().manual_seed(zlib.crc32(name.encode()))
    return torch.randn(shape, generator=generator)


def fill(network, prefix, gains={}):
    """Give every parameter of `network` a value that matters; `gains` scales the weights of the named modules."""
    for name, module in network.named_modules():
        for kind, parameter in module.named_parameters(recurse=False):
            value = draw(f"{prefix}.{name}.{kind}", parameter.shape)
            if isinstance(module, (torch.nn.GroupNorm, torch.nn.LayerNorm)):
                value = 1 + 0.2 * value if kind == "weight" else 0.1 * value
            elif kind == "bias":
                value = 0.1 * value
            elif isinstance(module, torch.nn.Embedding):
                value = value if "token" in name else 0.5 * value
            else:
                value = value * gains.get(name, 1) / parameter[0].numel() ** 0.5
            parameter.data = value.half()
    return network.half()


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2) + "\n")


shutil.rmtree(model, ignore_errors=True)

text = CLIPTextModel(CLIPTextConfig(
    vocab_size=VOCABULARY_SIZE, max_position_embeddings=77, hidden_act="gelu", layer_norm_eps=1e-5, hidden_size=32,
    intermediate_size=72, num_hidden_layers=3, num_attention_heads=2, projection_dim=32,
    bos_token_id=0, eos_token_id=2, pad_token_id=1))  # the published values; the tokenizer has the real ones
unet = UNet2DConditionModel(
    sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, block_out_channels=[16, 24, 32, 40],
    attention_head_dim=[2, 3, 2, 5],  # head counts, in spite of the name
    cross_attention_dim=32, norm_num_groups=8, use_linear_projection=True,
    down_block_types=["CrossAttnDownBlock2D"] * 3 + ["DownBlock2D"],
    up_block_types=["UpBlock2D"] + ["CrossAttnUpBlock2D"] * 3)
vae = AutoencoderKL(
    in_channels=3, out_channels=3, latent_channels=4, layers_per_block=2, sample_size=64,
    block_out_channels=[8, 16, 24, 24], norm_num_groups=4, down_block_types=["DownEncoderBlock2D"] * 4,
    up_block_types=["UpDecoderBlock2D"] * 4)

fill(text, "text_encoder").save_pretrained(model / "text_encoder")
fill(unet, "unet", {"time_embedding.linear_2": 3}).save_pretrained(model / "unet")
fill(vae, "vae", {"decoder.conv_out": 0.7}).save_pretrained(model / "vae")

# The published model's text encoder was stored before transformers 5 dropped this prefix.
weights = model / "text_encoder" / "model.safetensors"
tensors = {"text_model." + name.removeprefix("text_model."): tensor for name, tensor in load_file(weights).items()}
save_file(tensors, weights, metadata={"format": "pt"})

# The keys of the published scheduler_config.json and no others: a key that is missing here, such as timestep_spacing,
# is one for which every scheduler uses its own default.
write_json(model / "scheduler" / "scheduler_config.json", {
    "_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0", "beta_end": 0.012, "beta_schedule": "scaled_linear",
    "beta_start": 0.00085, "clip_sample": False, "num_train_timesteps": 1000, "prediction_type": "v_prediction",
    "set_alpha_to_one": False, "skip_prk_steps": True, "steps_offset": 1, "trained_betas": None})
write_json(model / "model_index.json", {
    "_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.8.0", "feature_extractor": [None, None],
    "requires_safety_checker": False, "safety_checker": [None, None], "scheduler": ["diffusers", "DDIMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]})
write_tokenizer(model / "tokenizer", VOCABULARY_SIZE)

parts = {part: load_file(next((model / part).glob("*.safetensors"))) for part in ("text_encoder", "unet", "vae")}
last_layer = {name: draw("unused." + name, tensor.shape).half()  # OpenCLIP's last block, which SD 2 never runs
              for name, tensor in parts["text_encoder"].items() if ".layers.2." in name}
save_file(original_names(**parts, unused_layer=last_layer), here / "single-file.safetensors")
