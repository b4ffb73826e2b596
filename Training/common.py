# SPDX-License-Identifier: Apache-2.0
"""What every training stage shares: devices, processes, checkpoints, pictures."""

import argparse
import os
import time
from pathlib import Path

import numpy as np
import torch
import torch.distributed as dist

import group_norm
from draw import draw

RANK = int(os.environ.get("RANK", 0))
WORLD = int(os.environ.get("WORLD_SIZE", 1))


def arguments(description: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="where checkpoints, caches and logs go")
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"))
    parser.add_argument("--batch", type=int, help="pictures a step and process")
    parser.add_argument("--bfloat16", action="store_true", help="multiply bfloat16 on a processor that does so natively")
    parser.add_argument("--minutes", type=float, help="wall-clock budget; the learning rate's cosine ends with it")
    parser.add_argument("--steps", type=int, help="budget in steps, in place of --minutes")
    return parser


def start(args) -> None:
    """Sets up the device and the processes of `torchrun`, and notes this process's id."""
    args.runs.mkdir(parents=True, exist_ok=True)
    with open(args.runs / "PIDS", "a") as f:
        f.write(f"{os.getpid()}\n")
    torch.manual_seed(0)  # the same first weights in every process
    group_norm.install(args.device)
    if WORLD > 1:
        torch.set_num_threads(max(1, len(os.sched_getaffinity(0)) // WORLD))
        dist.init_process_group("nccl" if args.device == "cuda" else "gloo")
    if args.device == "cuda":
        torch.cuda.set_device(RANK)


def log(args, stage: str, text: str) -> None:
    if RANK == 0:
        line = f"{time.strftime('%H:%M:%S')} {stage} {text}"
        print(line, flush=True)
        with open(args.runs / f"{stage}.log", "a") as f:
            f.write(line + "\n")


def save(path: Path, **state) -> None:
    """Writes a checkpoint; a stop in the middle leaves the old one whole."""
    if RANK == 0:
        path.parent.mkdir(parents=True, exist_ok=True)
        torch.save(state, path.with_suffix(".new"))
        os.replace(path.with_suffix(".new"), path)


def rounded(args):
    """bfloat16 where the device multiplies it fast."""
    return torch.autocast(args.device, torch.bfloat16, enabled=args.device == "cuda" or args.bfloat16)


def load(path: Path):
    """A checkpoint, or None where there is none."""
    return torch.load(path, map_location="cpu", weights_only=True) if path.exists() else None


def pictures(scenes, size: int | tuple[int, int], device: str = "cpu") -> torch.Tensor:
    """Drawn scenes, squares of `size` or of a width and a height, as [n, 3, height, width] in -1...1."""
    width, height = (size, size) if isinstance(size, int) else size
    batch = torch.from_numpy(np.stack([draw(scene, width, height) for scene in scenes])).to(device)
    batch = batch.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    return batch.contiguous(memory_format=torch.channels_last)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """The mean over pictures in -1...1 of the peak signal-to-noise ratio, in dB."""
    mse = ((a.clamp(-1, 1) - b.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
    return (-10 * torch.log10(mse)).mean().item()
