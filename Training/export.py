# SPDX-License-Identifier: Apache-2.0
"""Writes the trained model as a diffusers directory: fp16 safetensors, Stable Diffusion 2.1's layout."""

import argparse
import json
import shutil
from pathlib import Path

import torch
from diffusers import StableDiffusionPipeline
from safetensors.torch import load_file, save_file

from autoencoder import load_autoencoder
from common import load
from denoiser import Denoiser, load_tokenizer, published_scheduler
from tokenizer import write_tokenizer


@torch.no_grad()
def fold_statistics(vae, mean, std) -> None:
    """Moves the normalisation of the latents into the convolutions beside them, so that scaling_factor is 1."""
    count = len(mean)
    vae.quant_conv.weight[:count] /= std.view(-1, 1, 1, 1)
    vae.quant_conv.bias[:count] = (vae.quant_conv.bias[:count] - mean) / std
    vae.quant_conv.bias[count:] -= 2 * std.log()  # the log variance
    vae.post_quant_conv.bias += vae.post_quant_conv.weight.flatten(1) @ mean
    vae.post_quant_conv.weight *= std.view(1, -1, 1, 1)


def save_stem(path: Path, model, cache) -> None:
    """Keeps what the exported directory lacks and `resume.py` needs: the 128 px stem and head, the statistics."""
    state = {name: w.contiguous() for name, w in model.state_dict().items() if not name.startswith("kl.")}
    save_file(state | {"mean": cache["mean"], "std": cache["std"]}, path)
    path.chmod(0o644)


def with_prefix(path: Path) -> None:
    """Gives the text encoder's weights the `text_model.` prefix that Stable Diffusion's files have."""
    weights = load_file(path)
    if not any(name.startswith("text_model.") for name in weights):
        save_file({f"text_model.{name}": w for name, w in weights.items()}, path, metadata={"format": "pt"})


def publish_schedule(path: Path) -> None:
    """Leaves in the scheduler's file what Stable Diffusion 2.1's has: the noise schedule, for any sampler.

    The rest are DDIM's own defaults, which other samplers would take for choices of the model's.
    """
    keep = (
        "_class_name _diffusers_version beta_end beta_schedule beta_start clip_sample num_train_timesteps "
        "prediction_type set_alpha_to_one steps_offset trained_betas"
    ).split()
    config = json.loads(path.read_text())
    config = {key: config[key] for key in keep} | {"skip_prk_steps": True}
    path.write_text(json.dumps(config, indent=2) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("model", type=Path, help="the directory to write")
    args = parser.parse_args()
    autoencoder = load_autoencoder(args.runs)
    vae = autoencoder.kl
    cache = load(args.runs / "latents.pt")
    save_stem(Path(__file__).with_name("stem.safetensors"), autoencoder, cache)
    fold_statistics(vae, cache["mean"], cache["std"])
    checkpoint = load(args.runs / "softened.pt")
    if checkpoint is None:
        raise SystemExit(f"{args.runs}/softened.pt is missing: run soften.py first")
    denoiser = Denoiser(load_tokenizer(args.runs))
    denoiser.load_state_dict(checkpoint["average"])
    pipeline = StableDiffusionPipeline(
        vae=vae,
        text_encoder=denoiser.text,
        tokenizer=load_tokenizer(args.runs),
        unet=denoiser.unet,
        scheduler=published_scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.to(dtype=torch.float16)
    for name, part in (("vae", vae), ("unet", denoiser.unet), ("text encoder", denoiser.text)):
        if not all(p.isfinite().all() for p in part.parameters()):
            raise SystemExit(f"the {name} has a weight that fp16 cannot hold")
    shutil.rmtree(args.model, ignore_errors=True)
    pipeline.save_pretrained(args.model)
    with_prefix(args.model / "text_encoder/model.safetensors")
    publish_schedule(args.model / "scheduler/scheduler_config.json")
    shutil.rmtree(args.model / "tokenizer")
    write_tokenizer(args.model / "tokenizer")
    for file in args.model.rglob("*.safetensors"):
        file.chmod(0o644)
    size = sum(f.stat().st_size for f in args.model.rglob("*") if f.is_file())
    print(f"{args.model}: {size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
