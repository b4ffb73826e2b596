# SPDX-License-Identifier: Apache-2.0
"""Stable Diffusion 2.1's networks in plain torch modules, with the tensor names of diffusers' and transformers' files.

What a GPU machine needs that has torch alone: a model of random weights (make_model.py), a reference and a peer
(compare.py). Written from the papers and from the names and shapes of the files;
check_networks.py holds them against diffusers.
"""
import math

import torch
from torch import nn
from torch.nn import functional as F


def heads_apart(x, heads):
    rows, tokens, channels = x.shape
    return x.view(rows, tokens, heads, channels // heads).transpose(1, 2)


def attend(query, key, value, heads, causal=False):
    out = F.scaled_dot_product_attention(
        heads_apart(query, heads), heads_apart(key, heads), heads_apart(value, heads), is_causal=causal)
    return out.transpose(1, 2).reshape(query.shape)


class Resnet(nn.Module):
    def __init__(self, inputs, outputs, groups, epsilon, time=None):
        super().__init__()
        self.norm1 = nn.GroupNorm(groups, inputs, epsilon)
        self.conv1 = nn.Conv2d(inputs, outputs, 3, padding=1)
        if time:
            self.time_emb_proj = nn.Linear(time, outputs)
        self.norm2 = nn.GroupNorm(groups, outputs, epsilon)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, padding=1)
        if inputs != outputs:
            self.conv_shortcut = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x, time=None):
        hidden = self.conv1(F.silu(self.norm1(x)))
        if time is not None:
            hidden = hidden + self.time_emb_proj(F.silu(time))[:, :, None, None]
        hidden = self.conv2(F.silu(self.norm2(hidden)))
        return hidden + (self.conv_shortcut(x) if hasattr(self, "conv_shortcut") else x)


class Attention(nn.Module):
    def __init__(self, channels, context, heads, bias=False):
        super().__init__()
        self.heads = heads
        self.to_q = nn.Linear(channels, channels, bias=bias)
        self.to_k = nn.Linear(context, channels, bias=bias)
        self.to_v = nn.Linear(context, channels, bias=bias)
        self.to_out = nn.ModuleList([nn.Linear(channels, channels)])

    def forward(self, x, context=None):
        context = x if context is None else context
        return self.to_out[0](attend(self.to_q(x), self.to_k(context), self.to_v(context), self.heads))


class Gated(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.proj = nn.Linear(channels, 2 * width)

    def forward(self, x):
        value, gate = self.proj(x).chunk(2, dim=-1)
        return value * F.gelu(gate)


class FeedForward(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.net = nn.ModuleList([Gated(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)])

    def forward(self, x):
        return self.net[2](self.net[0](x))


class Block(nn.Module):
    def __init__(self, channels, context, heads):
        super().__init__()
        self.norm1 = nn.LayerNorm(channels)
        self.attn1 = Attention(channels, channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.attn2 = Attention(channels, context, heads)
        self.norm3 = nn.LayerNorm(channels)
        self.ff = FeedForward(channels)

    def forward(self, x, context):
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x), context)
        return x + self.ff(self.norm3(x))


class Transformer(nn.Module):
    def __init__(self, channels, context, heads, groups):
        super().__init__()
        self.norm = nn.GroupNorm(groups, channels, 1e-6)
        self.proj_in = nn.Linear(channels, channels)
        self.transformer_blocks = nn.ModuleList([Block(channels, context, heads)])
        self.proj_out = nn.Linear(channels, channels)

    def forward(self, x, context):
        rows, channels, height, width = x.shape
        hidden = self.norm(x).permute(0, 2, 3, 1).reshape(rows, height * width, channels)
        hidden = self.proj_out(self.transformer_blocks[0](self.proj_in(hidden), context))
        return x + hidden.reshape(rows, height, width, channels).permute(0, 3, 1, 2)


class Resampling(nn.Module):
    """A convolution of stride 2, or one after nearest-neighbour upsampling."""

    def __init__(self, channels, up, asymmetric=False):
        super().__init__()
        self.up, self.asymmetric = up, asymmetric
        self.conv = nn.Conv2d(channels, channels, 3, stride=1 if up else 2, padding=0 if asymmetric else 1)

    def forward(self, x):
        if self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="nearest")
        elif self.asymmetric:
            x = F.pad(x, (0, 1, 0, 1))
        return self.conv(x)


class Level(nn.Module):
    def __init__(self, resnets, attentions=None, down=None, up=None):
        super().__init__()
        self.resnets = nn.ModuleList(resnets)
        if attentions:
            self.attentions = nn.ModuleList(attentions)
        if down:
            self.downsamplers = nn.ModuleList([down])
        if up:
            self.upsamplers = nn.ModuleList([up])

    def layer(self, index, x, time, context):
        x = self.resnets[index](x, time)
        return self.attentions[index](x, context) if hasattr(self, "attentions") else x


class TimeEmbedding(nn.Module):
    def __init__(self, channels, width):
        super().__init__()
        self.linear_1 = nn.Linear(channels, width)
        self.linear_2 = nn.Linear(width, width)

    def forward(self, x):
        return self.linear_2(F.silu(self.linear_1(x)))


class UNet(nn.Module):
    def __init__(self, channels=(320, 640, 1280, 1280), heads=(5, 10, 20, 20), context=1024, groups=32, latents=4):
        super().__init__()
        self.channels = channels
        time, deepest = 4 * channels[0], len(channels) - 1

        def resnet(inputs, outputs):
            return Resnet(inputs, outputs, groups, 1e-5, time)

        def transformer(level):
            return Transformer(channels[level], context, heads[level], groups)

        self.conv_in = nn.Conv2d(latents, channels[0], 3, padding=1)
        self.time_embedding = TimeEmbedding(channels[0], time)
        self.down_blocks, self.up_blocks = nn.ModuleList(), nn.ModuleList()
        skips, width = [channels[0]], channels[0]
        for level, outputs in enumerate(channels):
            resnets = [resnet(width if index == 0 else outputs, outputs) for index in range(2)]
            self.down_blocks.append(Level(
                resnets, [transformer(level) for _ in range(2)] if level < deepest else None,
                down=Resampling(outputs, up=False) if level < deepest else None))
            width = outputs
            skips += [outputs] * (3 if level < deepest else 2)
        self.mid_block = Level([resnet(width, width) for _ in range(2)], [transformer(deepest)])
        for level in reversed(range(len(channels))):
            outputs, resnets = channels[level], []
            for _ in range(3):
                resnets.append(resnet(width + skips.pop(), outputs))
                width = outputs
            self.up_blocks.append(Level(
                resnets, [transformer(level) for _ in range(3)] if level < deepest else None,
                up=Resampling(outputs, up=True) if level > 0 else None))
        self.conv_norm_out = nn.GroupNorm(groups, channels[0], 1e-5)
        self.conv_out = nn.Conv2d(channels[0], latents, 3, padding=1)

    def forward(self, latents, timesteps, context):
        half = self.channels[0] // 2
        frequencies = torch.exp(-math.log(10000.0) * torch.arange(half, device=latents.device, dtype=torch.float32) / half)
        phases = timesteps.float()[:, None] * frequencies[None]
        time = self.time_embedding(torch.cat([phases.cos(), phases.sin()], dim=1).to(latents.dtype))
        x = self.conv_in(latents)
        skips = [x]
        for block in self.down_blocks:
            for index in range(2):
                x = block.layer(index, x, time, context)
                skips.append(x)
            if hasattr(block, "downsamplers"):
                x = block.downsamplers[0](x)
                skips.append(x)
        x = self.mid_block.attentions[0](self.mid_block.resnets[0](x, time), context)
        x = self.mid_block.resnets[1](x, time)
        for block in self.up_blocks:
            for index in range(3):
                x = block.layer(index, torch.cat([x, skips.pop()], dim=1), time, context)
            if hasattr(block, "upsamplers"):
                x = block.upsamplers[0](x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class PixelAttention(Attention):
    def __init__(self, channels, groups):
        super().__init__(channels, channels, 1, bias=True)
        self.group_norm = nn.GroupNorm(groups, channels, 1e-6)

    def forward(self, x):
        rows, channels, height, width = x.shape
        hidden = self.group_norm(x).permute(0, 2, 3, 1).reshape(rows, height * width, channels)
        return x + super().forward(hidden).reshape(rows, height, width, channels).permute(0, 3, 1, 2)


class Half(nn.Module):
    """The encoder or the decoder of the autoencoder."""

    def __init__(self, inputs, outputs, channels, groups, is_decoder):
        super().__init__()
        order = list(reversed(channels)) if is_decoder else list(channels)
        middle, width = channels[-1], order[0]
        self.conv_in = nn.Conv2d(inputs, order[0], 3, padding=1)
        levels = nn.ModuleList()
        for level, out in enumerate(order):
            resnets = []
            for _ in range(3 if is_decoder else 2):
                resnets.append(Resnet(width, out, groups, 1e-6))
                width = out
            last = level == len(order) - 1
            levels.append(Level(
                resnets, down=None if last or is_decoder else Resampling(out, up=False, asymmetric=True),
                up=Resampling(out, up=True) if is_decoder and not last else None))
        if is_decoder:
            self.up_blocks = levels
        else:
            self.down_blocks = levels
        self.mid_block = Level(
            [Resnet(middle, middle, groups, 1e-6) for _ in range(2)], [PixelAttention(middle, groups)])
        self.conv_norm_out = nn.GroupNorm(groups, order[-1], 1e-6)
        self.conv_out = nn.Conv2d(order[-1], outputs, 3, padding=1)

    def middle(self, x):
        return self.mid_block.resnets[1](self.mid_block.attentions[0](self.mid_block.resnets[0](x)))

    def forward(self, x):
        x = self.conv_in(x)
        if hasattr(self, "up_blocks"):
            x = self.middle(x)
        for block in self.up_blocks if hasattr(self, "up_blocks") else self.down_blocks:
            for resnet in block.resnets:
                x = resnet(x)
            for resampling in [*getattr(block, "downsamplers", []), *getattr(block, "upsamplers", [])]:
                x = resampling(x)
        if not hasattr(self, "up_blocks"):
            x = self.middle(x)
        return self.conv_out(F.silu(self.conv_norm_out(x)))


class Autoencoder(nn.Module):
    def __init__(self, channels=(128, 256, 512, 512), groups=32, latents=4):
        super().__init__()
        self.encoder = Half(3, 2 * latents, channels, groups, is_decoder=False)
        self.decoder = Half(latents, 3, channels, groups, is_decoder=True)
        self.quant_conv = nn.Conv2d(2 * latents, 2 * latents, 1)
        self.post_quant_conv = nn.Conv2d(latents, latents, 1)

    def decode(self, latents):
        return self.decoder(self.post_quant_conv(latents))


class CLIPLayer(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.self_attn = nn.ModuleDict({name: nn.Linear(width, width) for name in ("k_proj", "v_proj", "q_proj", "out_proj")})
        self.layer_norm1 = nn.LayerNorm(width)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 4 * width), "fc2": nn.Linear(4 * width, width)})
        self.layer_norm2 = nn.LayerNorm(width)

    def forward(self, x):
        attn, y = self.self_attn, self.layer_norm1(x)
        x = x + attn["out_proj"](attend(attn["q_proj"](y), attn["k_proj"](y), attn["v_proj"](y), self.heads, causal=True))
        return x + self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.layer_norm2(x))))


class CLIPText(nn.Module):
    def __init__(self, width=1024, layers=23, heads=16, vocabulary=49408, positions=77):
        super().__init__()
        self.embeddings = nn.ModuleDict({
            "token_embedding": nn.Embedding(vocabulary, width), "position_embedding": nn.Embedding(positions, width)})
        self.encoder = nn.ModuleDict({"layers": nn.ModuleList([CLIPLayer(width, heads) for _ in range(layers)])})
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, ids):
        positions = torch.arange(ids.shape[1], device=ids.device)
        x = self.embeddings["token_embedding"](ids) + self.embeddings["position_embedding"](positions)
        for layer in self.encoder["layers"]:
            x = layer(x)
        return self.final_layer_norm(x)
