# SPDX-License-Identifier: Apache-2.0
"""Trains the denoiser: the UNet and the text encoder together, on cached latents.

v-prediction on the schedule of Stable Diffusion 2.1, but ending in more noise (beta .02): a
16x16 latent has so few cells that at .012 the average colour of a picture still shows through the
last step, and pictures made from pure noise come out grey.
"""

from random import Random

import torch
import torch.distributed as dist
from diffusers import DDIMScheduler, UNet2DConditionModel
from torch import nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from autoencoder import LATENT_CHANNELS, load_autoencoder
from common import RANK, WORLD, Average, Budget, arguments, average_gradients, load, log, pictures, rounded, save, start
from muon import optimizers, set_rates
from scenes import caption, empty_caption, training_scene
from tokenizer import write_tokenizer

CHANNELS = (128, 160, 160)
TEXT_WIDTH, TEXT_LAYERS = 192, 3


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


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.02,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        clip_sample=False,
        set_alpha_to_one=False,
        steps_offset=1,
    )


def load_denoiser(runs) -> Denoiser:
    """The averaged denoiser."""
    model = Denoiser(load_tokenizer(runs))
    model.load_state_dict(load(runs / "denoiser.pt")["average"])
    return model.to(memory_format=torch.channels_last)


@torch.no_grad()
def cache_latents(args, count: int) -> None:
    """Writes latents.pt: the small encoder's latents of the first `count` training scenes, and their statistics."""
    model = load_autoencoder(args.runs).to(args.device)
    latents = torch.zeros(count, LATENT_CHANNELS, 16, 16, device=args.device)
    for i in range(RANK * 50, count, WORLD * 50):
        x = pictures([training_scene(j) for j in range(i, min(count, i + 50))], 128, args.device)
        latents[i : i + 50] = model.encode_small(x)[0]
        if i % 2000 == 0:
            log(args, "latents", f"{i} of {count}")
    if WORLD > 1:
        dist.all_reduce(latents)  # each process has filled its share
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    save(args.runs / "latents.pt", seeds=torch.arange(count), latents=latents.cpu().half(), mean=mean.cpu(), std=std.cpu())
    log(args, "latents", f"{count} done, std {[round(s, 2) for s in std.tolist()]}")


def batch_captions(scene_seeds, seed: int) -> list[str]:
    """Captions of training scenes, one in ten of them empty."""
    rng = Random(seed)
    return [empty_caption(rng) if rng.random() < 0.1 else caption(training_scene(s), rng) for s in scene_seeds]


def loss_of(model, latents, ids, alphas, generator):
    """The v-prediction error with a weight that falls above a signal-to-noise ratio of 5.

    In the spirit of min-SNR (Hang et al. 2023, arXiv 2303.09556): the steps with little noise move
    pixels by less than an eye sees. Unlike there the noisiest steps keep their full weight, because
    they decide what the picture shows.
    """
    n, device = len(latents), generator.device if generator else latents.device
    t = (torch.arange(n, device=device) + torch.rand(n, generator=generator, device=device)) / n * len(alphas)
    t = t.long().to(latents.device)  # in order: which latents come first is chance anyway
    alpha = alphas[t].view(-1, 1, 1, 1)
    noise = torch.randn(latents.shape, generator=generator, device=device).to(latents)
    x = alpha.sqrt() * latents + (1 - alpha).sqrt() * noise
    v = alpha.sqrt() * noise - (1 - alpha).sqrt() * latents
    error = (model(x, t, ids).float() - v).square().mean((1, 2, 3))
    snr = alphas[t] / (1 - alphas[t])
    weight = (snr.clamp(max=5) + 1) / (snr + 1)
    return (error * weight).mean(), error.mean().detach()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--latents", type=int, help="only cache this many latents")
    args = parser.parse_args()
    start(args)
    if args.latents:
        cache_latents(args, args.latents)
        return
    batch = args.batch or 20
    path = args.runs / "denoiser.pt"
    tokenizer = load_tokenizer(args.runs)
    model = Denoiser(tokenizer).to(args.device, memory_format=torch.channels_last)
    checkpoint = load(path)
    if checkpoint:
        model.load_state_dict(checkpoint["model"])
    average = Average(model, 0.995)
    parameters = [*model.parameters()]
    opts = optimizers(model.named_parameters(), 0.02, 2e-3)
    budget = Budget(args)
    if checkpoint and "optimizers" in checkpoint:
        average.module.load_state_dict(checkpoint["average"])
        average.count = checkpoint["step"]
        for opt, state in zip(opts, checkpoint["optimizers"]):
            opt.load_state_dict(state)
        budget = Budget(args, checkpoint["seconds"], checkpoint["step"])
        log(args, "denoiser", f"resumed at step {budget.step}")
    cache = load(args.runs / "latents.pt")
    latents = (cache["latents"] - cache["mean"][:, None, None]) / cache["std"][:, None, None]
    alphas = scheduler().alphas_cumprod.to(args.device)

    def keep():
        save(
            path, model=model.state_dict(), average=average.module.state_dict(), step=budget.step,
            seconds=budget.seconds(), optimizers=[opt.state_dict() for opt in opts],
        )  # fmt: skip

    total = 0.0
    while (progress := budget.progress()) < 1:
        set_rates(opts, progress)
        seed = budget.step * WORLD + RANK
        generator = torch.Generator().manual_seed(seed)
        indices = torch.randint(len(latents), (batch,), generator=generator)
        ids = token_ids(tokenizer, batch_captions(cache["seeds"][indices].tolist(), seed)).to(args.device)
        with rounded(args):
            loss, error = loss_of(model, latents[indices].float().to(args.device), ids, alphas, generator)
        loss.backward()
        average_gradients(parameters)
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        average.update(model)
        budget.step += 1
        total += error.item()
        if budget.step % 25 == 0:
            samples = budget.step * WORLD * batch
            log(args, "denoiser", f"step {budget.step} {progress:.1%} {samples} samples v-error {total / 25:.4f} {budget.seconds():.0f} s")
            total = 0.0
            if budget.step % 100 == 0:
                keep()
    keep()
    log(args, "denoiser", f"done: step {budget.step}")


if __name__ == "__main__":
    main()
