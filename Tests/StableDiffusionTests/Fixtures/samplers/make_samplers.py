# SPDX-License-Identifier: Apache-2.0
"""Writes samplers.json: whole sampling runs of diffusers. Needs torch and diffusers; run as `python make_samplers.py`.

Each run is what StableDiffusionPipeline (strength null) or StableDiffusionImg2ImgPipeline does, with `model` in place of
the UNet and a ramp in place of the encoded picture. The scheduler classes are made from Stable Diffusion 2.1's
scheduler_config.json with `from_config`, as a pipeline's scheduler is exchanged.
"""

import json
import pathlib
import warnings

import diffusers
import numpy as np
import torch
from diffusers.utils.torch_utils import randn_tensor

warnings.filterwarnings("ignore")
diffusers.utils.logging.set_verbosity_error()

CONFIGURATION = {
    "_class_name": "DDIMScheduler",
    "_diffusers_version": "0.8.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "v_prediction",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
CLASSES = {
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
SHAPE = (1, 4, 3, 3)  # 36 values: two whole blocks of noise and a redrawn tail
SEED = 42


def model(sample, timestep):
    """A bounded function of float32 arithmetic only, which amplifies no rounding error."""
    offset = (np.float32(timestep) / np.float32(1000) - np.float32(0.5)) * np.float32(0.1)
    return sample / (sample * sample + 1) * 0.7 + float(offset)


def scheduler(name, **changes):
    class_name, options = CLASSES[name]
    original = diffusers.DDIMScheduler.from_config(CONFIGURATION | changes)
    return getattr(diffusers, class_name).from_config(original.config, **options)


def picture():
    count = int(np.prod(SHAPE))
    return ((torch.arange(count, dtype=torch.float32) - 17.5) / 18).reshape(SHAPE)


def run(name, steps, strength=None, trace=False, **changes):
    generator = torch.Generator("cpu").manual_seed(SEED)
    sampler = scheduler(name, **changes)
    sampler.set_timesteps(steps)
    timesteps = sampler.timesteps
    if strength is None:
        latents = randn_tensor(SHAPE, generator=generator, dtype=torch.float32) * sampler.init_noise_sigma
    else:
        start = max(steps - min(int(steps * strength), steps), 0)
        timesteps = timesteps[start * sampler.order :]
        if hasattr(sampler, "set_begin_index"):
            sampler.set_begin_index(start * sampler.order)
        noise = randn_tensor(SHAPE, generator=generator, dtype=torch.float32)
        latents = sampler.add_noise(picture(), noise, timesteps[:1])
    arguments = {"generator": generator} if name in ("Euler a", "DPM2 a Karras", "DDPM") else {}
    samples = [latents]
    for timestep in timesteps:
        output = model(sampler.scale_model_input(latents, timestep), timestep)
        latents = sampler.step(output, timestep, latents, return_dict=False, **arguments)[0]
        samples.append(latents)
    assert torch.isfinite(latents).all(), (name, steps, strength)
    entry = {
        "scheduler": name,
        "prediction": changes.get("prediction_type", CONFIGURATION["prediction_type"]),
        "steps": steps,
        "strength": strength,
        "timesteps": numbers(timesteps),
        "sample": numbers(latents),
    }
    if "clip_sample" in changes:
        entry["clipSample"] = changes["clip_sample"]
    if trace:
        entry["samples"] = [numbers(sample) for sample in samples]
    return entry


def numbers(tensor):
    """Nine significant digits: a float32 is read back exactly."""
    return [float(f"{value:.9g}") for value in tensor.to(torch.float32).flatten().tolist()]


def runs():
    for name in CLASSES:
        for prediction in ("epsilon", "v_prediction"):
            for steps in (1, 2, 5, 10, 25, 30, 50, 150):
                yield run(name, steps, prediction_type=prediction, trace=steps == 5)
            for steps in (2, 5, 25, 30):
                yield run(name, steps, strength=0.6, prediction_type=prediction, trace=steps == 5)
            for steps in (5, 25, 50):
                yield run(name, steps, strength=0.3, prediction_type=prediction)
            yield run(name, 25, strength=0.8, prediction_type=prediction)
            for steps in (1, 2, 5, 25, 30):
                yield run(name, steps, strength=1.0, prediction_type=prediction, trace=steps == 5)
            yield run(name, 5, strength=0.85, prediction_type=prediction, trace=True)
    for name in ("DDIM", "DDPM", "Heun"):
        yield run(name, 5, prediction_type="epsilon", clip_sample=True)
    for name in CLASSES:
        if name not in ("Euler a", "DPM2 a Karras", "DPM2 Karras", "PNDM"):  # these classes refuse it
            yield run(name, 5, prediction_type="sample")


def alphas_cumprod(**changes):
    return numbers(diffusers.DDIMScheduler.from_config(CONFIGURATION | changes).alphas_cumprod)


fixture = {
    "diffusers": diffusers.__version__,
    "seed": SEED,
    "configuration": CONFIGURATION,
    "alphasCumprod": {
        "scaled_linear": alphas_cumprod(),
        "linear": alphas_cumprod(beta_schedule="linear", beta_start=0.0001, beta_end=0.02),
    },
    "runs": list(runs()),
}
path = pathlib.Path(__file__).with_name("samplers.json")
path.write_text(json.dumps(fixture, separators=(",", ":")) + "\n")
print(path.name, len(fixture["runs"]), "runs", path.stat().st_size, "bytes")
