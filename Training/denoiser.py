# SPDX-License-Identifier: Apache-2.0
"""Trains the denoiser: the UNet and the text encoder together, on cached latents of pictures of all sizes.

v-prediction on the schedule of Stable Diffusion 2.1, but ending in more noise (beta .02): a
16x16 latent has so few cells that at .012 the average colour of a picture still shows through the
last step. `soften.py` moves what was learnt to the schedule that is published.
"""

from random import Random

import torch
import torch.distributed as dist
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from autoencoder import LATENT_CHANNELS, load_autoencoder
from common import RANK, WORLD, arguments, load, log, pictures, rounded, save, start
from scenes import caption, empty_caption, training_scene
from tokenizer import write_tokenizer
from training import Training

CHANNELS = (128, 160, 160)
TEXT_WIDTH, TEXT_LAYERS = 192, 3
# Widths and heights, and how often a step takes one.
SIZES = {
    (512, 512): 10, (256, 256): 4, (384, 384): 4, (640, 640): 2, (768, 768): 3, (384, 256): 1, (256, 384): 1,
    (512, 384): 2, (384, 512): 2, (640, 512): 2, (512, 640): 2, (768, 512): 3, (512, 768): 3,
}  # fmt: skip


class Denoiser(nn.Module):
    """The UNet and the text encoder."""

    def __init__(self, tokenizer: CLIPTokenizer):
        super().__init__()
        self.unet = UNet2DConditionModel(
            sample_size=16,
            in_channels=LATENT_CHANNELS,
            out_channels=LATENT_CHANNELS,
            block_out_channels=CHANNELS,
            down_block_types=["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
            up_block_types=["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
            layers_per_block=1,
            attention_head_dim=[c // 32 for c in CHANNELS],  # the number of heads, as in SD 2.1
            cross_attention_dim=TEXT_WIDTH,
            use_linear_projection=True,
            norm_num_groups=32,
        )
        self.text = CLIPTextModel(
            CLIPTextConfig(
                vocab_size=len(tokenizer),
                hidden_size=TEXT_WIDTH,
                intermediate_size=4 * TEXT_WIDTH,
                num_hidden_layers=TEXT_LAYERS,
                num_attention_heads=TEXT_WIDTH // 64,
                max_position_embeddings=77,
                hidden_act="gelu",
                projection_dim=TEXT_WIDTH,
                bos_token_id=tokenizer.bos_token_id,
                eos_token_id=tokenizer.eos_token_id,
                pad_token_id=tokenizer.pad_token_id,
            )
        )
        for name, p in self.text.named_parameters():
            if "embedding" in name:  # CLIP's .02 is meant for long training
                nn.init.normal_(p, std=0.3 if "token" in name else 0.1)

    def forward(self, x, t, ids):
        return self.unet(x, t, self.text(ids).last_hidden_state).sample


def load_tokenizer(runs) -> CLIPTokenizer:
    if not (runs / "tokenizer").exists() and RANK == 0:
        write_tokenizer(runs / "tokenizer")
    return CLIPTokenizer.from_pretrained(runs / "tokenizer")


def token_ids(tokenizer, texts):
    return tokenizer(texts, padding="max_length", truncation=True, max_length=77, return_tensors="pt").input_ids


def scheduler(beta_end: float = 0.02) -> DDIMScheduler:
    """The schedule that the denoiser is trained on."""
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=beta_end,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def published_scheduler() -> DDIMScheduler:
    """The schedule of Stable Diffusion 2.1, which the exported model has."""
    return scheduler(beta_end=0.012)


@torch.no_grad()
def cache_latents(args, count: int) -> None:
    """Writes latents.pt: what the encoder makes of the first `count` training scenes, size by size, and its statistics.

    Statistics that are there already stay: a denoiser may know latents normalised by them.
    """
    model = load_autoencoder(args.runs).to(args.device)
    known = load(args.runs / "latents.pt") or {}
    cache, first = {}, 0
    for (width, height), share in SIZES.items():
        part = torch.zeros(count * share // sum(SIZES.values()), LATENT_CHANNELS, height // 32, width // 32)
        for i in range(RANK * 8, len(part), WORLD * 8):
            scenes = [training_scene(first + k) for k in range(i, min(len(part), i + 8))]
            with rounded(args):
                part[i : i + len(scenes)] = model.encode(pictures(scenes, (width, height), args.device))[0].cpu()
        if WORLD > 1:
            dist.all_reduce(part)  # each process has filled its share
        cache[f"{width}x{height}"] = {"first": first, "latents": part.half()}
        log(args, "latents", f"{len(part)} of {width}x{height}")
        first += len(part)
    square = cache["512x512"]["latents"].float()
    mean = known.get("mean", square.mean((0, 2, 3)))
    std = known.get("std", square.std((0, 2, 3)))
    save(args.runs / "latents.pt", mean=mean, std=std, sizes=cache)


def batch_captions(scene_seeds, seed: int) -> list[str]:
    """Captions of training scenes, one in ten of them empty."""
    rng = Random(seed)
    return [empty_caption(rng) if rng.random() < 0.1 else caption(training_scene(s), rng) for s in scene_seeds]


class Latents:
    """The latents that `cache_latents` wrote, normalised, with captions of their scenes."""

    def __init__(self, args, tokenizer):
        self.device, self.tokenizer = args.device, tokenizer
        cache = load(args.runs / "latents.pt")
        self.parts, self.mean, self.std = cache["sizes"], cache["mean"][:, None, None], cache["std"][:, None, None]

    def batch(self, sizes, count: int, generator):
        """Latents and captions of one of `sizes`, with about the cells of `count` latents of 512x512."""
        seed = generator.initial_seed()
        width, height = Random(seed).choices([*sizes], [*sizes.values()])[0]
        part = self.parts[f"{width}x{height}"]
        indices = torch.randint(len(part["latents"]), (round(count * 512**2 / (width * height)),), generator=generator)
        ids = token_ids(self.tokenizer, batch_captions((part["first"] + indices).tolist(), seed)).to(self.device)
        latents = (part["latents"][indices].float() - self.mean) / self.std
        return latents.to(self.device, memory_format=torch.channels_last), ids


def noised(latents, alphas, generator, t=None):
    """Latents with the noise of timesteps `t`, or of some that are spread evenly: these, their alphas, noise and sum."""
    n, device = len(latents), generator.device if generator else latents.device
    if t is None:  # in order: which latents come first is chance anyway
        t = ((torch.arange(n, device=device) + torch.rand(n, generator=generator, device=device)) / n * len(alphas)).long()
    t = t.to(latents.device)
    alpha = alphas[t].view(-1, 1, 1, 1)
    noise = torch.randn(latents.shape, generator=generator, device=device).to(latents)
    return t, alpha, noise, alpha.sqrt() * latents + (1 - alpha).sqrt() * noise


def snr_weight(alpha):
    """A weight of v-errors that falls above a signal-to-noise ratio of 5.

    In the spirit of min-SNR (Hang et al. 2023, arXiv 2303.09556): the steps with little noise move
    pixels by less than an eye sees. Unlike there the noisiest steps keep their full weight, because
    they decide what the picture shows.
    """
    snr = alpha / (1 - alpha)
    return (snr.clamp(max=5) + 1) / (snr + 1)


def loss_of(model, latents, ids, alphas, generator):
    """The weighted v-prediction error."""
    t, alpha, noise, x = noised(latents, alphas, generator)
    v = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
    error = (model(x, t, ids).float() - v).square().mean((1, 2, 3))
    return (error * snr_weight(alphas[t])).mean()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--latents", type=int, help="only cache this many latents")
    parser.add_argument("--peak", type=float, default=0.02, help="the largest rate; less where a trained denoiser goes on")
    args = parser.parse_args()
    start(args)
    if args.latents:
        cache_latents(args, args.latents)
        return
    tokenizer = load_tokenizer(args.runs)
    model = Denoiser(tokenizer).to(args.device, memory_format=torch.channels_last)
    training = Training(args, "denoiser", model, args.peak)
    latents = Latents(args, tokenizer)
    alphas = scheduler().alphas_cumprod.to(args.device)

    def loss(seed, progress):
        generator = torch.Generator().manual_seed(seed)
        z, ids = latents.batch(SIZES, args.batch or 32, generator)
        with rounded(args):
            return loss_of(model, z, ids, alphas, generator)

    training.run(loss, warmup=0.03)


if __name__ == "__main__":
    main()
