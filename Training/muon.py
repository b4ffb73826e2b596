# SPDX-License-Identifier: Apache-2.0
"""Muon: momentum orthogonalised by a Newton-Schulz iteration, for weights that are matrices.

After Keller Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024),
https://kellerjordan.github.io/posts/muon/. Vectors and embeddings go to AdamW.
"""

import math

import torch
import torch.distributed as dist


def orthogonalised(m: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest semi-orthogonal matrix to `m`, roughly: singular values between about .7 and 1.2.

    Each step multiplies by an odd polynomial of `m`, which is a polynomial of the Gram matrix times
    `m`; so the steps run on the small Gram matrix and `m` itself is touched twice.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = m / (m.norm() + 1e-7)
    tall = x.shape[0] > x.shape[1]
    if tall:
        x = x.T
    gram = x @ x.T
    identity = torch.eye(len(gram), device=x.device, dtype=x.dtype)
    factor = identity
    for _ in range(steps):
        g = factor @ gram @ factor
        factor = (a * identity + b * g + c * g @ g) @ factor
    x = factor @ x
    return x.T if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum; weights of more than two dimensions are flattened to matrices.

    With several processes each orthogonalises its share of the weights and they exchange the updates.
    """

    def __init__(self, params, lr=0.02, momentum=0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        many = dist.is_initialized()
        rank, world = (dist.get_rank(), dist.get_world_size()) if many else (0, 1)
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            updates = []
            for i, p in enumerate(params):
                state = self.state[p]
                if not state:
                    state["momentum"] = torch.zeros_like(p)
                buffer = state["momentum"].lerp_(p.grad, 1 - group["momentum"])
                if i % world == rank:
                    update = p.grad.lerp(buffer, group["momentum"]).flatten(1)
                    updates.append(orthogonalised(update).reshape(-1))
                else:
                    updates.append(torch.zeros(p.numel(), device=p.device, dtype=p.dtype))
            if many:
                flat = torch.cat(updates)
                dist.all_reduce(flat)
                updates = flat.split([p.numel() for p in params])
            for p, update in zip(params, updates):
                scale = max(1.0, p.shape[0] / p[0].numel()) ** 0.5
                p.add_(update.view(p.shape), alpha=-group["lr"] * scale)


def optimizers(named_parameters, muon_lr: float, adamw_lr: float, adamw_only=("embed", "conv_in", "conv_out")):
    """A Muon for the hidden matrices and an AdamW for everything else."""
    matrices, rest = [], []
    for name, p in named_parameters:
        if p.requires_grad:
            hidden = p.ndim >= 2 and not any(part in name for part in adamw_only)
            (matrices if hidden else rest).append(p)
    return [
        Muon(matrices, lr=muon_lr),
        torch.optim.AdamW(rest, lr=adamw_lr, betas=(0.9, 0.98), weight_decay=0.0),
    ]


def set_rates(optimizer_list, progress: float, warmup: float = 0.01) -> None:
    """Linear warm-up, then a cosine to 2 % of the peak; `progress` runs from 0 to 1."""
    ramp = min(1.0, progress / warmup) if warmup else 1.0
    factor = ramp * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
    for optimizer in optimizer_list:
        for group in optimizer.param_groups:
            group.setdefault("peak", group["lr"])
            group["lr"] = group["peak"] * factor
