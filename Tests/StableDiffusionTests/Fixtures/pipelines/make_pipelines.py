# SPDX-License-Identifier: Apache-2.0
"""Write pictures that diffusers' pipelines make from the tiny model in float32, and every latent on the way.

    python make_pipelines.py        (after ../tiny/make_tiny.py)

writes, beside this script:
    manifest.json                parameters of every case, see `CASES`
    text-to-image.safetensors    CASE.trajectory [entries, n, 4, h, w] float32, the latents after every scheduler step;
                                 CASE.pictures [n, H, W, 3] uint8
    image-to-image.safetensors   the same, and the start pictures SIZE.start [H, W, 3] uint8

Schedulers are made with `from_config` from the model's scheduler_config.json. Picture k of a case has a generator of
its own, torch.Generator("cpu").manual_seed(seed + k). An image-to-image case draws from it the sample of the
posterior, then the noise, then what the sampler asks for.

Made with diffusers 0.42.1, transformers 5.23, torch 2.15.
"""
import json
from dataclasses import asdict, dataclass
from pathlib import Path

import diffusers
import numpy
import torch
from PIL import Image
from safetensors.torch import save_file

here = Path(__file__).parent
model = here.parent / "tiny" / "diffusers"
torch.set_num_threads(1)
torch.set_grad_enabled(False)

PROMPT = "a photo of an astronaut riding a horse on mars"
NEGATIVE_PROMPT = "blurry, low quality"

# The API's scheduler name: diffusers' class and what is set beside the model's own configuration.
SCHEDULERS = {
    "DDIM": ("DDIMScheduler", {}),
    "DPM Multi": ("DPMSolverMultistepScheduler", {}),
    "DPM Single": ("DPMSolverSinglestepScheduler", {}),
    "Euler a": ("EulerAncestralDiscreteScheduler", {}),
    "Euler": ("EulerDiscreteScheduler", {}),
    "Heun": ("HeunDiscreteScheduler", {}),
    "DPM2 a Karras": ("KDPM2AncestralDiscreteScheduler", {"use_karras_sigmas": True}),
    "DPM2 Karras": ("KDPM2DiscreteScheduler", {"use_karras_sigmas": True}),
    "LMS": ("LMSDiscreteScheduler", {}),
    "PNDM": ("PNDMScheduler", {}),
    "DDPM": ("DDPMScheduler", {}),
    "UniPC": ("UniPCMultistepScheduler", {}),
}


@dataclass
class Case:
    """One call; the fields are the manifest's."""

    name: str
    scheduler: str
    seed: int = 42
    steps: int = 5
    guidance: float = 7.5
    prompt: str = PROMPT
    negative_prompt: str = NEGATIVE_PROMPT
    width: int = 64
    height: int = 64
    samples: int = 1
    prediction_type: str = "v_prediction"
    strength: float | None = None  # a number makes it image-to-image, from the start picture of its size


TEXT_TO_IMAGE = [
    *(Case(name, name) for name in SCHEDULERS),
    *(Case(f"{name}, epsilon", name, prediction_type="epsilon", seed=7) for name in SCHEDULERS),
    Case("no guidance", "DDIM", guidance=1.0),
    Case("no guidance, ancestral", "Euler a", guidance=1.0, negative_prompt=""),
    Case("empty prompt", "UniPC", prompt="", negative_prompt=""),
    Case("wide", "Euler", width=96, height=48),
    Case("tall, odd latent", "DPM Multi", width=56, height=88),
    Case("three samples", "DDIM", samples=3, seed=4294967295),
    Case("three samples, ancestral", "Euler a", samples=3),
    Case("one step", "DDIM", steps=1),
    Case("one step, Heun", "Heun", steps=1),
    Case("twelve steps", "UniPC", steps=12),
    Case("twelve steps, single", "DPM Single", steps=12),
]
IMAGE_TO_IMAGE = [
    *(Case(name, name, strength=0.6) for name in SCHEDULERS),
    Case("all steps", "DDIM", strength=1.0),
    Case("all steps, sigmas", "Euler", strength=1.0),
    Case("one step", "DPM Multi", strength=0.2),
    Case("no guidance", "UniPC", strength=0.8, guidance=1.0),
    Case("wide", "Euler a", strength=0.6, width=96, height=48),
    Case("two samples, epsilon", "DDPM", strength=0.6, samples=2, prediction_type="epsilon"),
]


def pipeline(case, parts):
    kind, settings = SCHEDULERS[case.scheduler]
    configuration = diffusers.DDIMScheduler.load_config(model / "scheduler")
    scheduler = getattr(diffusers, kind).from_config(
        configuration | {"prediction_type": case.prediction_type}, **settings)
    kind = diffusers.StableDiffusionPipeline if case.strength is None else diffusers.StableDiffusionImg2ImgPipeline
    made = kind(**parts, scheduler=scheduler, safety_checker=None, feature_extractor=None,
                requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def start_picture(width, height):
    """A colour gradient with a disc on it."""
    y, x = numpy.mgrid[0:height, 0:width]
    red, green = 255 * x // (width - 1), 255 * y // (height - 1)
    disc = (x - width // 3) ** 2 + (y - height // 2) ** 2 < (height // 4) ** 2
    return numpy.stack([red, green, numpy.where(disc, 230, 40)], axis=-1).astype(numpy.uint8)


def run(case, parts):
    trajectory = []

    def keep(_pipeline, _step, _timestep, tensors):
        trajectory.append(tensors["latents"].clone(memory_format=torch.contiguous_format))
        return {}

    shape = {"width": case.width, "height": case.height}
    if case.strength is not None:
        shape = {"image": Image.fromarray(start_picture(case.width, case.height)), "strength": case.strength}
    generators = [torch.Generator("cpu").manual_seed(case.seed + index) for index in range(case.samples)]
    pictures = pipeline(case, parts)(
        prompt=case.prompt, negative_prompt=case.negative_prompt, num_inference_steps=case.steps,
        guidance_scale=case.guidance, num_images_per_prompt=case.samples, generator=generators,
        callback_on_step_end=keep, **shape).images
    pictures = torch.from_numpy(numpy.stack([numpy.asarray(picture) for picture in pictures]))
    return {f"{case.name}.trajectory": torch.stack(trajectory), f"{case.name}.pictures": pictures}


def components():
    loaded = diffusers.StableDiffusionPipeline.from_pretrained(model, dtype=torch.float32)
    return {name: getattr(loaded, name) for name in ("text_encoder", "tokenizer", "unet", "vae")}


def main():
    parts = components()
    for kind, cases in (("text-to-image", TEXT_TO_IMAGE), ("image-to-image", IMAGE_TO_IMAGE)):
        tensors = {}
        for case in cases:
            tensors |= run(case, parts)
            if case.strength is not None:
                start = start_picture(case.width, case.height)
                tensors[f"{case.width}x{case.height}.start"] = torch.from_numpy(start)
        save_file(tensors, here / f"{kind}.safetensors")
    manifest = {"text-to-image": [asdict(case) for case in TEXT_TO_IMAGE],
                "image-to-image": [asdict(case) for case in IMAGE_TO_IMAGE]}
    for cases in manifest.values():
        for case in cases:
            if case["strength"] is None:
                del case["strength"]
    (here / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")


if __name__ == "__main__":
    main()
