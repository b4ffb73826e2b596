# SPDX-License-Identifier: Apache-2.0
"""GroupNorms for training: torch's own is what a step of the autoencoder spends most of its time on.

On a CPU that is `native_group_norm_backward`; here the same mathematics is a few tensor operations. On a GPU, torch
turns a picture from channels last to channels first and back, in float32; `fused_norm.py` leaves it where and as it is.
"""

import torch
from diffusers.models.resnet import ResnetBlock2D
from torch import nn


class _GroupNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps):
        y, mean, rstd = torch.ops.aten.native_group_norm(
            x, weight, bias, x.shape[0], x.shape[1], x.shape[2:].numel(), groups, eps
        )
        ctx.save_for_backward(x, weight, mean, rstd)
        ctx.groups = groups
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, mean, rstd = ctx.saved_tensors
        n, c = x.shape[:2]
        per_group, count = c // ctx.groups, x.shape[2:].numel()
        # Per channel: the sums of dy and of dy * x are all that the reductions need.
        sum_dy = dy.sum((2, 3))
        sum_dyx = (dy * x).sum((2, 3))
        mean_c = mean.repeat_interleave(per_group, 1)
        rstd_c = rstd.repeat_interleave(per_group, 1)
        dweight = ((sum_dyx - sum_dy * mean_c) * rstd_c).sum(0)
        dbias = sum_dy.sum(0)
        size = per_group * count
        g_dy = (sum_dy * weight).view(n, ctx.groups, per_group).sum(2)
        g_dyx = (sum_dyx * weight).view(n, ctx.groups, per_group).sum(2)
        # dx = a * dy + b * x + c, with one number a channel (a) or a group (b, c).
        b = -(g_dyx - g_dy * mean) * rstd**3 / size
        shift = -g_dy * rstd / size - b * mean
        a = (rstd_c * weight)[:, :, None, None]
        b = b.repeat_interleave(per_group, 1)[:, :, None, None]
        shift = shift.repeat_interleave(per_group, 1)[:, :, None, None]
        return torch.addcmul(torch.addcmul(shift, x, b), dy, a), dweight, dbias, None, None


def _on_cpu(self, x):
    if x.ndim != 4 or x.dtype != torch.float32 or not torch.is_grad_enabled():
        return nn.functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
    return _GroupNorm.apply(x, self.weight, self.bias, self.num_groups, self.eps)


def _on_gpu(self, x):
    from fused_norm import GroupNormSiLU  # Triton is where a GPU is

    if x.ndim != 4:
        return nn.functional.group_norm(x, self.num_groups, self.weight, self.bias, self.eps)
    return GroupNormSiLU.apply(x, self.weight, self.bias, self.num_groups, self.eps, getattr(self, "silu", False))


def install(device: str) -> None:
    """Replaces the forward of every `nn.GroupNorm`."""
    nn.GroupNorm.forward = _on_gpu if device == "cuda" else _on_cpu


def absorb_silu(kl) -> None:
    """Makes each SiLU of an autoencoder part of the norm before it: for a GPU, in a model that is only trained."""
    for module in kl.modules():
        if isinstance(module, ResnetBlock2D):
            module.norm1.silu = module.norm2.silu = True
            module.nonlinearity = nn.Identity()
    for part in (kl.encoder, kl.decoder):
        part.conv_norm_out.silu = True
        part.conv_act = nn.Identity()
