# SPDX-License-Identifier: Apache-2.0
"""GroupNorm, with SiLU after it if wanted, on pictures whose channels lie last: Triton kernels, forwards and backwards.

Each pass reads a picture twice: once for sums per channel, which a small kernel turns into one multiplier and one shift a
channel, and once to apply these. Pixels stay in the type they come in; sums are float32.
"""

import torch
import triton
import triton.language as tl


@triton.jit
def _tile(n, row, pixels, C: tl.constexpr, WIDTH: tl.constexpr):
    channel = tl.arange(0, WIDTH)
    inside = (row < pixels)[:, None] & (channel < C)[None, :]
    return (n.to(tl.int64) * pixels + row)[:, None] * C + channel[None, :], inside


@triton.jit
def _before(x, scale, shift, dy, SILU: tl.constexpr):
    """The gradient before SiLU of `x * scale + shift`."""
    if SILU:
        u = x * scale[None, :] + shift[None, :]
        s = tl.sigmoid(u)
        dy = dy * s * (1 + u * (1 - s))
    return dy


# Sizes are no part of what is compiled: a model has many, and each compilation takes a third of a second.
_sizes = dict(do_not_specialize=["pixels", "chunks", "loop", "pictures"])


@triton.jit(**_sizes)
def _sums(
    x_ptr, dy_ptr, scale_ptr, shift_ptr, out_ptr, pixels, chunks, loop,
    C: tl.constexpr, WIDTH: tl.constexpr, ROWS: tl.constexpr, SILU: tl.constexpr, BACKWARD: tl.constexpr,
):  # fmt: skip
    """Of a chunk of pixels, per channel: forwards the sums of x and x * x, backwards those of dy and dy * x."""
    n, chunk = tl.program_id(0), tl.program_id(1)
    channel = tl.arange(0, WIDTH)
    known = channel < C
    first = tl.zeros([WIDTH], tl.float32)
    second = tl.zeros([WIDTH], tl.float32)
    if BACKWARD:
        scale = tl.load(scale_ptr + n * C + channel, mask=known, other=0.0)
        shift = tl.load(shift_ptr + n * C + channel, mask=known, other=0.0)
    for i in range(loop):
        row = (chunk * loop + i) * ROWS + tl.arange(0, ROWS)
        place, inside = _tile(n, row, pixels, C, WIDTH)
        x = tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
        y = x
        if BACKWARD:
            y = _before(x, scale, shift, tl.load(dy_ptr + place, mask=inside, other=0.0).to(tl.float32), SILU)
        first += tl.sum(y, 0)
        second += tl.sum(y * x, 0)
    out = out_ptr + (n * chunks + chunk) * 2 * C + channel
    tl.store(out, first, mask=known)
    tl.store(out + C, second, mask=known)


@triton.jit
def _totals(sums_ptr, n, chunks, GROUPS: tl.constexpr, SIZE: tl.constexpr, PADDED: tl.constexpr):
    """A picture's channels by group and member, which of them there are, and both of their sums over all chunks."""
    C: tl.constexpr = GROUPS * SIZE
    member = tl.arange(0, PADDED)[None, :]
    channel = tl.arange(0, GROUPS)[:, None] * SIZE + member
    inside = (member < SIZE) & (channel < C)
    first = tl.zeros([GROUPS, PADDED], tl.float32)
    second = tl.zeros([GROUPS, PADDED], tl.float32)
    for k in range(chunks):
        part = sums_ptr + (n * chunks + k) * 2 * C + channel
        first += tl.load(part, mask=inside, other=0.0)
        second += tl.load(part + C, mask=inside, other=0.0)
    return channel, inside, first, second


@triton.jit(**_sizes)
def _statistics(
    sums_ptr, weight_ptr, bias_ptr, scale_ptr, shift_ptr, mean_ptr, rstd_ptr, pixels, chunks, eps,
    GROUPS: tl.constexpr, SIZE: tl.constexpr, PADDED: tl.constexpr,
):  # fmt: skip
    """Of a picture: each group's mean and 1 / deviation, each channel's multiplier and shift. GROUPS is a power of two."""
    C: tl.constexpr = GROUPS * SIZE
    n, group = tl.program_id(0), tl.arange(0, GROUPS)
    channel, inside, total, squares = _totals(sums_ptr, n, chunks, GROUPS, SIZE, PADDED)
    mean = tl.sum(total, 1) / (pixels * SIZE)
    variance = tl.maximum(tl.sum(squares, 1) / (pixels * SIZE) - mean * mean, 0.0)
    rstd = 1 / tl.sqrt(variance + eps)
    scale = rstd[:, None] * tl.load(weight_ptr + channel, mask=inside, other=0.0)
    shift = tl.load(bias_ptr + channel, mask=inside, other=0.0) - mean[:, None] * scale
    tl.store(scale_ptr + n * C + channel, scale, mask=inside)
    tl.store(shift_ptr + n * C + channel, shift, mask=inside)
    tl.store(mean_ptr + n * GROUPS + group, mean)
    tl.store(rstd_ptr + n * GROUPS + group, rstd)


@triton.jit(**_sizes)
def _gradients(
    sums_ptr, weight_ptr, mean_ptr, rstd_ptr, own_ptr, of_x_ptr, constant_ptr, pixels, chunks, pictures,
    GROUPS: tl.constexpr, SIZE: tl.constexpr, PADDED: tl.constexpr,
):  # fmt: skip
    """Of a picture: its part of the gradients of weight and bias, and b and c of dx = scale * dy + b * x + c."""
    C: tl.constexpr = GROUPS * SIZE
    n, group = tl.program_id(0), tl.arange(0, GROUPS)
    channel, inside, dy, dyx = _totals(sums_ptr, n, chunks, GROUPS, SIZE, PADDED)
    mean = tl.load(mean_ptr + n * GROUPS + group)
    rstd = tl.load(rstd_ptr + n * GROUPS + group)
    weight = tl.load(weight_ptr + channel, mask=inside, other=0.0)
    tl.store(own_ptr + n * C + channel, (dyx - dy * mean[:, None]) * rstd[:, None], mask=inside)
    tl.store(own_ptr + (pictures + n) * C + channel, dy, mask=inside)
    of_group = tl.sum(dy * weight, 1)
    of_x = -(tl.sum(dyx * weight, 1) - of_group * mean) * rstd * rstd * rstd / (pixels * SIZE)
    constant = -of_group * rstd / (pixels * SIZE) - of_x * mean
    zero = tl.zeros([GROUPS, PADDED], tl.float32)
    tl.store(of_x_ptr + n * C + channel, zero + of_x[:, None], mask=inside)
    tl.store(constant_ptr + n * C + channel, zero + constant[:, None], mask=inside)


@triton.jit(**_sizes)
def _apply(
    x_ptr, dy_ptr, scale_ptr, shift_ptr, of_x_ptr, constant_ptr, out_ptr, pixels,
    C: tl.constexpr, WIDTH: tl.constexpr, ROWS: tl.constexpr, SILU: tl.constexpr, BACKWARD: tl.constexpr,
):  # fmt: skip
    n, row = tl.program_id(0), tl.program_id(1) * ROWS + tl.arange(0, ROWS)
    channel = tl.arange(0, WIDTH)
    known = channel < C
    scale = tl.load(scale_ptr + n * C + channel, mask=known, other=0.0)
    shift = tl.load(shift_ptr + n * C + channel, mask=known, other=0.0)
    place, inside = _tile(n, row, pixels, C, WIDTH)
    x = tl.load(x_ptr + place, mask=inside, other=0.0).to(tl.float32)
    if BACKWARD:
        dy = _before(x, scale, shift, tl.load(dy_ptr + place, mask=inside, other=0.0).to(tl.float32), SILU)
        of_x = tl.load(of_x_ptr + n * C + channel, mask=known, other=0.0)
        constant = tl.load(constant_ptr + n * C + channel, mask=known, other=0.0)
        y = scale[None, :] * dy + of_x[None, :] * x + constant[None, :]
    else:
        y = x * scale[None, :] + shift[None, :]
        if SILU:
            y = y * tl.sigmoid(y)
    tl.store(out_ptr + place, y.to(out_ptr.dtype.element_ty), mask=inside)


class GroupNormSiLU(torch.autograd.Function):
    """`group_norm(x, groups, weight, bias, eps)`, then SiLU if `silu`, of [n, channels, height, width]."""

    @staticmethod
    def plan(x, groups):
        channels, pixels = x.shape[1], x.shape[2] * x.shape[3]
        width = triton.next_power_of_2(channels)
        rows = max(8, 2048 // width)
        loop = min(32, triton.cdiv(pixels, rows))
        size = channels // groups
        tiles = dict(C=channels, WIDTH=width, ROWS=rows)
        kinds = dict(GROUPS=groups, SIZE=size, PADDED=triton.next_power_of_2(size))
        return pixels, triton.cdiv(pixels, rows * loop), loop, tiles, kinds

    @staticmethod
    def forward(ctx, x, weight, bias, groups, eps, silu):
        x = x.contiguous(memory_format=torch.channels_last)
        n, channels = x.shape[:2]
        pixels, chunks, loop, tiles, kinds = GroupNormSiLU.plan(x, groups)
        sums = torch.empty((n, chunks, 2, channels), device=x.device)
        scale, shift = torch.empty((2, n, channels), device=x.device)
        mean, rstd = torch.empty((2, n, groups), device=x.device)
        y = torch.empty_like(x)
        _sums[(n, chunks)](x, x, scale, shift, sums, pixels, chunks, loop, SILU=silu, BACKWARD=False, **tiles)
        _statistics[(n,)](sums, weight, bias, scale, shift, mean, rstd, pixels, chunks, eps, **kinds)
        grid = (n, triton.cdiv(pixels, tiles["ROWS"]))
        _apply[grid](x, x, scale, shift, scale, shift, y, pixels, SILU=silu, BACKWARD=False, **tiles)
        ctx.save_for_backward(x, weight, scale, shift, mean, rstd)
        ctx.groups, ctx.silu = groups, silu
        return y

    @staticmethod
    def backward(ctx, dy):
        x, weight, scale, shift, mean, rstd = ctx.saved_tensors
        dy = dy.contiguous(memory_format=torch.channels_last)
        n, channels = x.shape[:2]
        pixels, chunks, loop, tiles, kinds = GroupNormSiLU.plan(x, ctx.groups)
        sums = torch.empty((n, chunks, 2, channels), device=x.device)
        own = torch.empty((2, n, channels), device=x.device)
        of_x, constant = torch.empty((2, n, channels), device=x.device)
        dx = torch.empty_like(x)
        _sums[(n, chunks)](x, dy, scale, shift, sums, pixels, chunks, loop, SILU=ctx.silu, BACKWARD=True, **tiles)
        _gradients[(n,)](sums, weight, mean, rstd, own, of_x, constant, pixels, chunks, n, **kinds)
        grid = (n, triton.cdiv(pixels, tiles["ROWS"]))
        _apply[grid](x, dy, scale, shift, of_x, constant, dx, pixels, SILU=ctx.silu, BACKWARD=True, **tiles)
        dweight, dbias = own.sum(1)
        return dx, dweight, dbias, None, None, None
