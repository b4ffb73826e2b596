#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds Darkroom's CUDA device against torch on one GPU: exactness, then speed, in one run.

    compare.py MODEL [--darkroom PROGRAM] [--out DIRECTORY] [--exact] [--speed] [--compile]

MODEL is what make_model.py wrote. Exactness is the relative L2 distance to float32 torch without TF32, of Darkroom and, to
compare with, of torch in bfloat16. Speed is the median of GPU times, warm; torch runs bfloat16, channels last, with its
scaled-dot-product attention, as it is and compiled with max-autotune. Writes results.json.
"""
import argparse
import json
import math
import pathlib
import statistics
import subprocess
import sys
import time

import torch
from safetensors.torch import load_file, save_file

from networks import Autoencoder, CLIPText, UNet

PARTS = {"unet": (UNet, "diffusion_pytorch_model"), "vae": (Autoencoder, "diffusion_pytorch_model"),
         "text_encoder": (CLIPText, "model")}


def load(model, part, dtype):
    kind, file = PARTS[part]
    tensors = load_file(model / part / f"{file}.safetensors", device="cuda")
    network = kind().to("cuda", dtype)
    network.load_state_dict({name.removeprefix("text_model."): value for name, value in tensors.items()}, strict=True)
    return network.eval().requires_grad_(False)


def draw(*shape, seed):
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(seed))


def cases():
    ids = torch.randint(0, 49000, (2, 77), generator=torch.Generator("cpu").manual_seed(7), dtype=torch.int32)
    result = {"text-encoder": ("text_encoder", {"ids": ids}, lambda n, i: ("context", n(i["ids"].long())))}
    for size in (64, 96):
        inputs = {"latent": draw(2, 4, size, size, seed=1), "context": draw(2, 77, 1024, seed=2),
                  "timestep": torch.tensor([981.0, 500.0])}
        result[f"unet-{size}"] = (
            "unet", inputs, lambda n, i: ("output", n(i["latent"], i["timestep"], i["context"])))
    result["vae-decode-64"] = (
        "vae", {"latent": 4 * draw(1, 4, 64, 64, seed=5)}, lambda n, i: ("image", n.decode(i["latent"])))
    return result


def distance(actual, expected):
    return float((actual.double() - expected.double()).norm() / expected.double().norm())


@torch.no_grad()
def exactness(options):
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cudnn.allow_tf32 = False
    inputs, expected, rounded = options.out / "inputs", {}, {}
    for name, (part, tensors, run) in cases().items():
        folder = inputs / name
        folder.mkdir(parents=True, exist_ok=True)
        save_file(tensors, folder / "inputs.safetensors")
        on_gpu = {key: value.cuda() for key, value in tensors.items()}
        key, expected[name] = run(load(options.model, part, torch.float32), on_gpu)
        half = {k: v if k in ("ids", "timestep") else v.bfloat16() for k, v in on_gpu.items()}
        rounded[name] = distance(run(load(options.model, part, torch.bfloat16), half)[1], expected[name])
    results = {"torch bfloat16": rounded}
    for dtype in ("bfloat16", "float32"):
        out = options.out / f"outputs-{dtype}"
        command = [options.darkroom, "evaluate", "--device", "cuda", "--dtype", dtype, "--model", options.model,
                   "--input", inputs, "--output", out, "--repeats", "3", "--threads", "8"]
        start = time.time()
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        print(f"darkroom evaluate {dtype}: {time.time() - start:.1f} s, {done.returncode}", done.stderr[-500:], flush=True)
        if done.returncode:
            continue
        results[f"darkroom {dtype}"] = {}
        for name, value in expected.items():
            (key, actual), = load_file(out / name / "outputs.safetensors").items()
            results[f"darkroom {dtype}"][name] = distance(actual.cuda(), value)
    for name in expected:
        print(f"{name:16}" + "".join(f"  {who} {values[name]:.2e}" for who, values in results.items()), flush=True)
    return results


def timed(body, runs=20):
    """The median of seconds on the GPU, warm."""
    for _ in range(3):
        body()
    times = []
    for _ in range(runs):
        start, stop = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        start.record()
        body()
        stop.record()
        torch.cuda.synchronize()
        times.append(start.elapsed_time(stop) * 1e-3)
    return statistics.median(times)


def peak():
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    return 2 * 8192 ** 3 / timed(lambda: a @ b, 10)


def picture(unet, vae, context, size):
    """25 steps of DDIM with guidance, v-prediction, as the pipeline of diffusers does them."""
    alphas = torch.cumprod(1 - torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2, 0)
    steps = [step * 40 + 1 for step in reversed(range(25))]
    times = torch.tensor(steps, device="cuda", dtype=torch.float32)

    def run():
        x = torch.randn(1, 4, size, size, device="cuda")
        for index, step in enumerate(steps):
            a = float(alphas[step])
            b = float(alphas[step - 40]) if step >= 40 else float(alphas[0])
            rows = torch.cat([x, x]).bfloat16().contiguous(memory_format=torch.channels_last)
            negative, positive = unet(rows, times[index].expand(2), context).float().chunk(2)
            v = negative + 7.5 * (positive - negative)
            clean, noise = math.sqrt(a) * x - math.sqrt(1 - a) * v, math.sqrt(a) * v + math.sqrt(1 - a) * x
            x = math.sqrt(b) * clean + math.sqrt(1 - b) * noise
        return vae((x / 0.18215).bfloat16().contiguous(memory_format=torch.channels_last))
    return run


@torch.no_grad()
def torch_speed(options, results):
    unet = load(options.model, "unet", torch.bfloat16).to(memory_format=torch.channels_last)
    vae = load(options.model, "vae", torch.bfloat16).to(memory_format=torch.channels_last)
    context = draw(2, 77, 1024, seed=2).cuda().bfloat16()
    times = torch.tensor([981.0, 981.0], device="cuda")
    latents = {size: draw(2, 4, size, size, seed=1).cuda().bfloat16().contiguous(memory_format=torch.channels_last)
               for size in (64, 96)}

    def measure(name, network, decode, sizes):
        figures = results.setdefault(name, {})
        for size in sizes:
            figures[f"unet_{size}_s"] = timed(lambda: network(latents[size], times, context))
        figures["vae_decode_64_s"] = timed(lambda: decode(latents[64][:1]), 10)
        figures["picture_512_s"] = timed(picture(network, decode, context, 64), 5)
        print(name, figures, flush=True)

    torch.backends.cudnn.benchmark = True
    if not options.compile:
        return measure("torch eager", unet, vae.decode, (64, 96))
    start = time.time()
    compiled = [torch.compile(body, mode="max-autotune", dynamic=False) for body in (unet, vae.decode)]
    compiled[0](latents[64], times, context)
    compiled[1](latents[64][:1])
    torch.cuda.synchronize()
    results["torch compiled"] = {"compilation_s": time.time() - start}
    print(f"compiled in {time.time() - start:.0f} s", flush=True)
    while options.wait_for and not options.wait_for.exists():
        time.sleep(0.2)
    measure("torch compiled", *compiled, (64,))


def darkroom_speed(options, results):
    for size, more in ((512, ["--picture"]), (768, [])):
        command = [options.darkroom, "bench", "--device", "cuda", "--model", options.model, "--size", size, "--repeats", 20,
                   "--json", "--threads", "8", *more]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False)
        print(done.stdout[-3000:], done.stderr[-1000:], flush=True)
        if done.returncode == 0:
            results[f"darkroom {size}"] = json.loads(done.stdout)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--darkroom", help="the program; without it only torch is timed")
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path("compare-out"))
    parser.add_argument("--exact", action="store_true")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--compile", action="store_true", help="time compiled torch and not eager torch; compiling takes minutes")
    parser.add_argument("--wait-for", type=pathlib.Path, help="a file that must be there before what was compiled is timed")
    options = parser.parse_args()
    results = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__}
    options.out.mkdir(parents=True, exist_ok=True)

    def keep():
        (options.out / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")

    if options.exact:
        results["relative L2"] = exactness(options)
        keep()
    if options.speed:
        if not options.wait_for:
            results["peak before"] = peak()
        if options.darkroom:
            darkroom_speed(options, results)
            keep()
        torch_speed(options, results)
        results["peak after"] = peak()
        keep()
    print(json.dumps({key: results[key] for key in ("gpu", "peak before", "peak after") if key in results}))


if __name__ == "__main__":
    sys.exit(main())
