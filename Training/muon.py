# SPDX-License-Identifier: Apache-2.0
"""Muon: momentum orthogonalised by a Newton-Schulz iteration, for weights that are matrices.

After Keller Jordan, "Muon: an optimizer for hidden layers in neural networks" (2024),
https://kellerjordan.github.io/posts/muon/. Vectors and embeddings go to AdamW.
"""

import math

import torch


def orthogonalised(m: torch.Tensor, steps: int = 5) -> torch.Tensor:
    """The nearest semi-orthogonal matrix to each of `m`, roughly: singular values between about .7 and 1.2.

    Each step multiplies by an odd polynomial of `m`, which is a polynomial of the Gram matrix times
    `m`; so the steps run on the small Gram matrix and `m` itself is touched twice.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = m / (m.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    gram = x @ x.mT
    identity = torch.eye(gram.shape[-1], device=x.device, dtype=x.dtype)
    factor = identity.expand_as(gram)
    for _ in range(steps):
        g = factor @ gram @ factor
        factor = (a * identity + b * g + c * g @ g) @ factor
    x = factor @ x
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Muon with Nesterov momentum; weights of more than two dimensions are flattened to matrices.

    Matrices of one shape are orthogonalised together: a model has many, and each alone is too small for a GPU. The rate may
    be a tensor, so that a step recorded as a CUDA graph can be replayed with another.
    """

    def __init__(self, params, lr=0.02, momentum=0.95):
        super().__init__(params, dict(lr=lr, momentum=momentum))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            params = [p for p in group["params"] if p.grad is not None]
            gradients = [p.grad for p in params]
            for p in params:
                if not self.state[p]:
                    self.state[p]["momentum"] = torch.zeros_like(p)
            buffers = [self.state[p]["momentum"] for p in params]
            torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
            updates = torch._foreach_lerp(gradients, buffers, group["momentum"])
            shapes: dict[tuple, list[int]] = {}
            for i, p in enumerate(params):
                shapes.setdefault((len(p), p[0].numel()), []).append(i)
            for (rows, columns), indices in shapes.items():
                stacked = torch.stack([updates[i].reshape(rows, columns) for i in indices])
                scale = max(1.0, rows / columns) ** 0.5
                change = orthogonalised(stacked) * (group["lr"] * -scale)
                torch._foreach_add_(
                    [params[i] for i in indices], [part.view(params[i].shape) for i, part in zip(indices, change)]
                )


def optimizers(
    named_parameters, muon_lr: float, adamw_lr: float, adamw_only=("embed", "conv_in", "conv_out"), recorded: bool = False
):
    """A Muon for the hidden matrices and an AdamW for everything else; `recorded` steps take their rates from tensors."""
    matrices, rest = [], []
    for name, p in named_parameters:
        if p.requires_grad:
            hidden = p.ndim >= 2 and not any(part in name for part in adamw_only)
            (matrices if hidden else rest).append(p)
    both = [
        Muon(matrices, lr=muon_lr),
        torch.optim.AdamW(rest, lr=adamw_lr, betas=(0.9, 0.98), weight_decay=0.0, capturable=recorded),
    ]
    for group in (group for optimizer in both for group in optimizer.param_groups):
        group["peak"] = group["lr"]
        if recorded:
            group["lr"] = torch.tensor(group["peak"], device=group["params"][0].device)
    return both


def set_rates(optimizer_list, progress: float, warmup: float = 0.01) -> None:
    """Linear warm-up, then a cosine to 2 % of the peak; `progress` runs from 0 to 1."""
    ramp = min(1.0, progress / warmup) if warmup else 1.0
    factor = ramp * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))
    for optimizer in optimizer_list:
        for group in optimizer.param_groups:
            if isinstance(group["lr"], torch.Tensor):
                group["lr"].fill_(group["peak"] * factor)
            else:
                group["lr"] = group["peak"] * factor
