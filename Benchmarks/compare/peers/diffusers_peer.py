# SPDX-License-Identifier: Apache-2.0
"""Time diffusers on the processor, channels last."""
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from timing import arguments, median_seconds, process_age, report
from transformers import CLIPTextModel

options = arguments(__doc__).parse_args()
torch.set_num_threads(options.threads)
if options.dtype == "auto":
    options.dtype = "bfloat16" if torch.cpu._is_avx512_bf16_supported() else "float32"
dtype = getattr(torch, options.dtype)


def load(kind, folder):
    return kind.from_pretrained(options.model, subfolder=folder, torch_dtype=dtype).eval()


start = time.perf_counter()
unet = load(UNet2DConditionModel, "unet").to(memory_format=torch.channels_last)
if not options.unet_only:
    vae = load(AutoencoderKL, "vae").to(memory_format=torch.channels_last)
    text = load(CLIPTextModel, "text_encoder")
figures = {"dtype": options.dtype, "load_s": time.perf_counter() - start}

with torch.inference_mode():
    side = options.size // 8
    latents = torch.randn(2, 4, side, side, dtype=dtype).contiguous(memory_format=torch.channels_last)
    context = torch.randn(2, 77, unet.config.cross_attention_dim, dtype=dtype)
    figures["first_forward_s"] = process_age()
    figures["unet_s"] = median_seconds(lambda: unet(latents, torch.tensor(500), context).sample, options.repeats)
    if not options.unet_only:
        tokens = torch.randint(0, text.config.vocab_size, (2, 77))
        figures["vae_decode_s"] = median_seconds(lambda: vae.decode(latents[:1]).sample, options.repeats)
        figures["text_pair_s"] = median_seconds(lambda: text(tokens)[0], options.repeats)
report(**figures)
