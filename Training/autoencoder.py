# SPDX-License-Identifier: Apache-2.0
"""Trains the autoencoder: 512 px pictures to 16x16 latents and back.

Most of what a 32-fold autoencoder has to learn can be learned from small pictures, at a sixteenth
of the cost. So the stages are
  small   the four inner levels on whole scenes drawn at 128 px, through a stem and a head of
          their own (this fixes the latent space),
  decoder the whole decoder at 512 px on the latents of the small encoder,
  encoder the whole encoder at 512 px, to the latents the small encoder gives the same scene,
  sizes   the decoder again, on the whole encoder's latents of pictures of all sizes.
"""

from random import Random

import torch
from diffusers import AutoencoderKL
from torch import nn
from torch.nn import functional as F

from common import arguments, load, pictures, psnr, rounded, start
from scenes import held_out_scenes, training_scene
from training import Training

CHANNELS = (24, 32, 64, 96, 128, 160)
LATENT_CHANNELS = 32
OUTER = 2  # levels that only 512 px pictures pass
# Widths and heights that the stage `sizes` draws, and how often.
SIZES = {(512, 512): 10, (256, 256): 4, (384, 384): 3, (768, 512): 1, (512, 768): 1, (768, 768): 1}
# How much of that stage is taken: weights between those before and after do better at 512 px than either, and nearly as well
# elsewhere (Wortsman et al. 2021, arXiv 2109.01903).
SIZES_SHARE = 0.6


class Autoencoder(nn.Module):
    """The published `AutoencoderKL`, and a shorter way through it for 128 px pictures."""

    def __init__(self):
        super().__init__()
        self.kl = AutoencoderKL(
            down_block_types=["DownEncoderBlock2D"] * len(CHANNELS),
            up_block_types=["UpDecoderBlock2D"] * len(CHANNELS),
            block_out_channels=CHANNELS,
            layers_per_block=1,
            latent_channels=LATENT_CHANNELS,
            norm_num_groups=8,
            sample_size=512,
            scaling_factor=1.0,
        )
        self.stem = nn.Conv2d(3, CHANNELS[OUTER - 1], 3, padding=1)
        self.head_norm = nn.GroupNorm(8, CHANNELS[OUTER], eps=1e-6)
        self.head = nn.Conv2d(CHANNELS[OUTER], 3, 3, padding=1)
        with torch.no_grad():  # start with little noise in the latents
            self.kl.quant_conv.weight[LATENT_CHANNELS:].mul_(0.1)
            self.kl.quant_conv.bias[LATENT_CHANNELS:].fill_(-5)

    def encode_small(self, x):
        """[n, 3, 128, 128] -> the mean and log variance of [n, 32, 16, 16]."""
        encoder = self.kl.encoder
        h = self.stem(x)
        for block in encoder.down_blocks[OUTER:]:
            h = block(h)
        h = encoder.conv_out(encoder.conv_act(encoder.conv_norm_out(encoder.mid_block(h))))
        return self.kl.quant_conv(h).chunk(2, 1)

    def features(self, z):
        """The decoder as far as 128 px: [n, 32, 16, 16] -> [n, 64, 128, 128]."""
        decoder = self.kl.decoder
        h = decoder.mid_block(decoder.conv_in(self.kl.post_quant_conv(z)), None)
        *blocks, last = decoder.up_blocks[: len(CHANNELS) - OUTER]
        for block in blocks:
            h = block(h)
        for resnet in last.resnets:
            h = resnet(h, None)
        return h

    def small_picture(self, h):
        """Features -> [n, 3, 128, 128]."""
        return self.head(F.silu(self.head_norm(h)))

    def decode_small(self, z):
        return self.small_picture(self.features(z))

    def picture(self, h):
        """The rest of the decoder: features, or a window of them, -> pixels four times as many a side."""
        decoder = self.kl.decoder
        *_, last = decoder.up_blocks[: len(CHANNELS) - OUTER]
        h = last.upsamplers[0](h)
        for block in decoder.up_blocks[-OUTER:]:
            h = block(h)
        return decoder.conv_out(decoder.conv_act(decoder.conv_norm_out(h)))

    def encode(self, x):
        return self.kl.quant_conv(self.kl.encoder(x)).chunk(2, 1)

    def decode(self, z):
        return self.kl.decoder(self.kl.post_quant_conv(z))


def reconstruction_loss(y, x):
    """L1, squares, edges and local means: blurred shapes cost by the first two, blurred lines by the third."""
    error = y.float() - x
    edges = error.diff(dim=-1).abs().mean() + error.diff(dim=-2).abs().mean()
    means = F.avg_pool2d(error, 4).abs().mean()
    return error.abs().mean() + 0.5 * edges + means + 2 * error.square().mean()


def small_loss(model, scenes, device, progress):
    x = pictures(scenes, 128, device)
    mean, logvar = (part.float() for part in model.encode_small(x))
    logvar = logvar.clamp(-12, 6)
    z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
    kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
    return reconstruction_loss(model.decode_small(z), x) + 1e-3 * kl


def latent_std(model, device):
    """The standard deviation of each latent channel over 64 scenes."""
    with torch.no_grad():
        z = model.encode_small(pictures([training_scene(i) for i in range(64)], 128, device))[0]
    return z.std((0, 2, 3), keepdim=True)


def decoder_loss(model, scenes, device, progress):
    """First the small loss, which teaches the inner levels cheaply, and windows for the outer ones.

    Then whole pictures, whose borders and group statistics no window has.
    """
    small = pictures(scenes, 128, device)
    with torch.no_grad():
        z = model.encode_small(small)[0].float()
        # A denoiser's latents are never exact: the decoder learns to forgive them up to a fifth.
        amount = 0.2 * torch.rand(len(z), 1, 1, 1, device=device)
        z = z + amount * model.std * torch.randn_like(z)
    if progress > 0.5:
        count = max(1, len(scenes) // 4)
        return reconstruction_loss(model.decode(z[:count]), pictures(scenes[:count], 512, device))
    h = model.features(z)
    count = max(1, len(scenes) // 2)
    whole = pictures(scenes[:count], 512, device)
    windows, targets = [], []
    for i, (top, left) in enumerate(torch.randint(0, 65, (count, 2)).tolist()):
        windows.append(h[i, :, top : top + 64, left : left + 64])
        targets.append(whole[i, :, 4 * top : 4 * top + 256, 4 * left : 4 * left + 256])
    loss = reconstruction_loss(model.picture(torch.stack(windows)), torch.stack(targets))
    return loss + reconstruction_loss(model.small_picture(h), small)


def encoder_loss(model, scenes, device, progress):
    with torch.no_grad():
        z = model.encode_small(pictures(scenes, 128, device))[0].float()
    # The small encoder shares its inner levels with the whole one, so these stay frozen here.
    return ((model.encode(pictures(scenes, 512, device))[0].float() - z) / model.std).square().mean()


def sizes_loss(model, scenes, device, progress):
    """Whole pictures of one size, as many as have the pixels of a quarter of the scenes at 512 px."""
    size = Random(scenes[0].seed).choices([*SIZES], [*SIZES.values()])[0]
    count = max(1, round(len(scenes) / 4 * 512**2 / (size[0] * size[1])))
    x = pictures(scenes[:count], size, device)
    with torch.no_grad():
        z = model.encode(x)[0].float()
    y = model.decode(noisy(z, z.std())).float()
    # The score is a mean of logarithms; without the last term it would not be what is learnt.
    return reconstruction_loss(y, x) + 0.1 * (y - x).square().flatten(1).mean(1).log().mean()


def noisy(z, spread):
    """Latents, half of them with the errors that a denoiser makes, up to a tenth of their spread."""
    amount = 0.1 * torch.rand(len(z), 1, 1, 1, device=z.device) * (torch.rand(len(z), 1, 1, 1, device=z.device) < 0.5)
    return z + amount * spread * torch.randn_like(z)


def outer_encoder(model):
    encoder = model.kl.encoder
    return [encoder.conv_in, *encoder.down_blocks[:OUTER]]


def whole_decoder(model):
    return [model.kl.decoder, model.kl.post_quant_conv, model.head_norm, model.head]


# stage: loss, what is trained, scenes a step, the peak rate
STAGES = {
    "small": (small_loss, lambda model: [model], 4, 0.02),
    "decoder": (decoder_loss, whole_decoder, 4, 0.02),
    "encoder": (encoder_loss, outer_encoder, 2, 0.02),
    "sizes": (sizes_loss, lambda model: [model.kl.decoder, model.kl.post_quant_conv], 8, 0.004),
}


def load_autoencoder(runs):
    """The averaged autoencoder of all the stages trained so far: the whole one of `gpu.py`, or the stages here."""
    model = Autoencoder()
    first = load(runs / "autoencoder.pt") or load(runs / "small.pt")
    if first is None:
        raise SystemExit(f"{runs} has neither autoencoder.pt nor small.pt: train the stage `small` first, or run gpu.py")
    model.load_state_dict(first["average"])
    decoder = ("kl.decoder.", "kl.post_quant_conv.")
    for stage, parts, share in (("decoder", decoder, 1), ("encoder", ("kl.encoder.",), 1), ("sizes", decoder, SIZES_SHARE)):
        if (state := load(runs / f"{stage}.pt")) is not None:
            old, new = model.state_dict(), {name: w.float() for name, w in state["average"].items() if name.startswith(parts)}
            model.load_state_dict({name: torch.lerp(old[name], w, share) for name, w in new.items()}, strict=False)
    return model.to(memory_format=torch.channels_last)


@torch.no_grad()
def score(args, stage, model) -> str:
    """PSNR on 16 held-out scenes of the part that `stage` trains."""
    text = ""
    for size in {"small": (128,), "sizes": (512, 384, 256)}.get(stage, (512,)):
        total = 0.0
        for scene in held_out_scenes(16):
            x = pictures([scene], size, args.device)
            with rounded(args):
                if stage == "small":
                    y = model.decode_small(model.encode_small(x)[0])
                elif stage == "decoder":
                    y = model.decode(model.encode_small(pictures([scene], 128, args.device))[0])
                else:
                    y = model.decode(model.encode(x)[0])
            total += psnr(y.float(), x)
        text += f", {total / 16:.2f} dB at {size}"
    return text


def main():
    parser = arguments(__doc__)
    parser.add_argument("stage", choices=[*STAGES])
    args = parser.parse_args()
    start(args)
    loss_of, trained, batch, peak = STAGES[args.stage]
    batch = args.batch or batch
    model = Autoencoder() if args.stage == "small" else load_autoencoder(args.runs)
    model = model.to(args.device, memory_format=torch.channels_last)
    if args.stage in ("decoder", "encoder"):
        model.std = latent_std(model, args.device)
    if args.stage != "small":
        model.requires_grad_(False)
        for module in trained(model):
            module.requires_grad_(True)
    training = Training(args, args.stage, model, peak, ("conv_in", "conv_out", "stem", "head"))

    def loss(seed, progress):
        with rounded(args):
            return loss_of(model, [training_scene(seed * batch + i) for i in range(batch)], args.device, progress)

    training.run(loss, lambda average: score(args, args.stage, average), warmup=0.02)


if __name__ == "__main__":
    main()
