# SPDX-License-Identifier: Apache-2.0
"""Pictures from an exported model directory, through diffusers' own pipeline."""

import numpy as np
import torch
from diffusers import StableDiffusionPipeline


def load_pipeline(model, device="cpu"):
    pipeline = StableDiffusionPipeline.from_pretrained(model, safety_checker=None)
    pipeline.set_progress_bar_config(disable=True)
    for part in (pipeline.unet, pipeline.vae):
        part.to(memory_format=torch.channels_last)
    return pipeline.to(device, torch.float32)


def generate(pipeline, prompts, seeds, steps=25, guidance=7.5, batch=10) -> np.ndarray:
    """[n, 512, 512, 3] bytes, one picture a prompt."""
    parts = []
    for i in range(0, len(prompts), batch):
        generators = [torch.Generator().manual_seed(seed) for seed in seeds[i : i + batch]]
        images = pipeline(
            prompts[i : i + batch],
            generator=generators,
            num_inference_steps=steps,
            guidance_scale=guidance,
            output_type="np",
        ).images
        parts.append((images * 255).round().astype(np.uint8))
    return np.concatenate(parts)
