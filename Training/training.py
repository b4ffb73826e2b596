# SPDX-License-Identifier: Apache-2.0
"""The loop of every stage that is trained on processors: budgets, averages, and steps in one process or several."""

import copy
import time

import torch
import torch.distributed as dist

from common import RANK, WORLD, load, log, save
from muon import optimizers, set_rates


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


class Training:
    """A stage's model, its average, its optimizers and its budget, from the stage's last checkpoint on.

    What is trained are the parameters that ask for gradients. A checkpoint without optimizers, as `gpu.py` and `resume.py`
    write them, gives the weights to start from.
    """

    def __init__(self, args, stage: str, model, peak: float, adamw_only=("embed", "conv_in", "conv_out")):
        self.args, self.stage, self.model = args, stage, model
        self.path = args.runs / f"{stage}.pt"
        checkpoint = load(self.path) or {}
        resumes = "optimizers" in checkpoint
        if checkpoint:
            model.load_state_dict(checkpoint["model" if resumes else "average"])
        self.average = Average(model, 0.998)
        self.parameters = [p for p in model.parameters() if p.requires_grad]
        self.optimizers = optimizers(model.named_parameters(), peak, peak / 10, adamw_only)
        self.budget = Budget(args)
        if resumes:
            self.average.module.load_state_dict(checkpoint["average"])
            self.average.count = checkpoint["step"]
            for optimizer, state in zip(self.optimizers, checkpoint["optimizers"]):
                optimizer.load_state_dict(state)
            self.budget = Budget(args, checkpoint["seconds"], checkpoint["step"])
            log(args, stage, f"resumed at step {self.budget.step}")

    def keep(self) -> None:
        save(
            self.path, model=self.model.state_dict(), average=self.average.module.state_dict(), step=self.budget.step,
            seconds=self.budget.seconds(), optimizers=[optimizer.state_dict() for optimizer in self.optimizers],
        )  # fmt: skip

    def run(self, loss_of, score=lambda average: "", warmup=0.01) -> None:
        """Steps to the end of the budget.

        `loss_of(seed, progress)` computes a step's loss; each process and step has a seed of its own. `score` says of an
        average how good it is, for the log.
        """
        total = 0.0
        while (progress := self.budget.progress()) < 1:
            set_rates(self.optimizers, progress, warmup)
            seed = self.budget.step * WORLD + RANK
            torch.manual_seed(seed)
            loss = loss_of(seed, progress)
            loss.backward()
            average_gradients(self.parameters)
            torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
            for optimizer in self.optimizers:
                optimizer.step()
                optimizer.zero_grad(set_to_none=True)
            self.average.update(self.model)
            self.budget.step += 1
            total += loss.item()
            if self.budget.step % 50 == 0:
                text = f"step {self.budget.step} {progress:.1%} loss {total / 50:.4f} {self.budget.seconds():.0f} s"
                total = 0.0
                if self.budget.step % 200 == 0 and RANK == 0:
                    self.keep()
                    text += score(self.average.module)
                log(self.args, self.stage, text)
        if RANK == 0:
            self.keep()
            log(self.args, self.stage, f"done: step {self.budget.step}{score(self.average.module)}")
