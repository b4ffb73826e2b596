# SPDX-License-Identifier: Apache-2.0
"""What every training stage shares: devices, processes, budgets, averages, checkpoints."""

import argparse
import copy
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


def average_gradients(parameters) -> None:
    """The mean of the gradients over the processes, in one exchange."""
    if WORLD == 1:
        return
    gradients = [p.grad for p in parameters if p.grad is not None]
    flat = torch.cat([g.reshape(-1) for g in gradients])
    dist.all_reduce(flat)
    flat /= WORLD
    for g, part in zip(gradients, flat.split([g.numel() for g in gradients])):
        g.copy_(part.view_as(g))


class Budget:
    """How far a stage has come, from 0 to 1: in steps, or in the minutes trained over all its runs."""

    def __init__(self, args, elapsed: float = 0.0, step: int = 0):
        if (args.steps is None) == (args.minutes is None):
            raise SystemExit("give one of --steps and --minutes")
        self.args, self.step, self.elapsed = args, step, elapsed
        self.started = time.time()

    def seconds(self) -> float:
        return self.elapsed + time.time() - self.started

    def progress(self) -> float:
        """The same number in every process: that of the first."""
        args = self.args
        value = self.step / args.steps if args.steps else self.seconds() / 60 / args.minutes
        if WORLD > 1:
            shared = torch.tensor([value], device=args.device)
            dist.broadcast(shared, 0)
            value = shared.item()
        return value


class Average:
    """An exponential moving average of a module's parameters, with a warm-up of its own."""

    def __init__(self, module: torch.nn.Module, decay: float):
        self.decay, self.count = decay, 0
        self.module = copy.deepcopy(module).requires_grad_(False)
        self.weight = torch.ones((), device=next(module.parameters()).device)

    def advance(self) -> None:
        """Sets what the next `merge` weighs the newest parameters with."""
        self.count += 1
        self.weight.fill_(1 - min(self.decay, (1 + self.count) / (10 + self.count)))

    @torch.no_grad()
    def merge(self, module) -> None:
        """Moves the average towards the parameters; a CUDA graph may hold it, since the weight is a tensor."""
        averages = list(self.module.parameters())
        steps = torch._foreach_sub(list(module.parameters()), averages)
        torch._foreach_mul_(steps, self.weight)
        torch._foreach_add_(averages, steps)

    def update(self, module) -> None:
        self.advance()
        self.merge(module)


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


def pictures(scenes, size: int, device: str = "cpu") -> torch.Tensor:
    """Drawn scenes as [n, 3, size, size] in -1...1."""
    batch = torch.from_numpy(np.stack([draw(scene, size) for scene in scenes])).to(device)
    batch = batch.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    return batch.contiguous(memory_format=torch.channels_last)


def psnr(a: torch.Tensor, b: torch.Tensor) -> float:
    """The mean over pictures in -1...1 of the peak signal-to-noise ratio, in dB."""
    mse = ((a.clamp(-1, 1) - b.clamp(-1, 1)) / 2).square().flatten(1).mean(1)
    return (-10 * torch.log10(mse)).mean().item()
