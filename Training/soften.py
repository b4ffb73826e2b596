# SPDX-License-Identifier: Apache-2.0
"""Weakens what captions change, so that a guidance of 7.5 does what 2.7 did, on the published noise schedule.

Drawings follow their captions so closely that a denoiser of them overshoots at the guidance that prompts are used to, and
samplers that extrapolate from past steps make more of it from one step to the next. The denoiser that is there is the
teacher: the new one learns its answer to the empty caption, and the part `KEPT` of the way from there to its answer to a
caption. No noise of data is in what is learnt, so that a small part of the first training is enough.
"""

import copy

import numpy as np
import torch
from diffusers.models.attention_processor import AttnProcessor
from torch.nn import functional as F

from common import arguments, load, log, rounded, start
from denoiser import Denoiser, Latents, load_tokenizer, noised, published_scheduler, scheduler, snr_weight, token_ids
from training import Training

KEPT = 0.36
GUIDANCE = 7.5
SIZES = {(512, 512): 1}


def noise_levels(schedule) -> np.ndarray:
    """Logarithms of noise to signal at the timesteps of a schedule."""
    kept = schedule.alphas_cumprod.double().numpy()
    return np.log((1 - kept) / kept)


def retime(unet) -> float:
    """Moves a UNet from the schedule it was trained on to the published one; the embeddings' relative error.

    It knows a timestep by its embedding alone. So all it must learn anew is which embedding a timestep has: that of the old
    timestep with as much noise. No picture is needed, and nothing else changes.
    """
    levels = noise_levels(published_scheduler()), noise_levels(scheduler())
    before = torch.from_numpy(np.interp(levels[0], levels[1], np.arange(1000.0))).float()
    with torch.no_grad():
        wanted = F.silu(unet.time_embedding(unet.time_proj(before)))  # as the layers see it
    given = unet.time_proj(torch.arange(1000.0))
    for rate in (3e-3, 1e-3, 3e-4, 1e-4):
        optimizer = torch.optim.Adam(unet.time_embedding.parameters(), rate)
        for _ in range(1500):
            error = (F.silu(unet.time_embedding(given)) - wanted).square().mean()
            optimizer.zero_grad()
            error.backward()
            optimizer.step()
    return (error / wanted.square().mean()).sqrt().item()


class Answers:
    """What a denoiser answers to the empty caption and to another, for the same noisy latents."""

    def __init__(self, args, tokenizer):
        self.args = args
        self.empty = token_ids(tokenizer, [""]).to(args.device)

    def __call__(self, model, x, t, ids):
        with rounded(self.args):
            blank = model.text(self.empty).last_hidden_state.expand(len(x), -1, -1)
            context = torch.cat([blank, model.text(ids).last_hidden_state])
            both = torch.cat([x, x]).to(memory_format=torch.channels_last)
            return model.unet(both, torch.cat([t, t]), context).sample.float().chunk(2)


@torch.no_grad()
def weaken_attention(unet, blank_calls) -> None:
    """Scales what cross-attention adds towards what it adds for the empty caption, which hardly depends on the picture.

    That is not quite the wanted answer, because layers are not linear, but a start that is closer to it than the teacher.

    - blank_calls: runs the UNet with the empty caption on some latents.
    """
    layers = [module for name, module in unet.named_modules() if name.endswith("attn2")]
    seen = {layer: [] for layer in layers}
    hooks = [
        layer.to_out[0].register_forward_pre_hook(
            lambda _, given, layer=layer: seen[layer].append(given[0].float().flatten(0, -2).mean(0))
        )
        for layer in layers
    ]
    blank_calls()
    for hook in hooks:
        hook.remove()
    for layer in layers:
        out = layer.to_out[0]
        out.bias += (1 - KEPT) * (out.weight @ torch.stack(seen[layer]).mean(0))
        out.weight *= KEPT


@torch.no_grad()
def effects(answers, teacher, latents, alphas) -> torch.Tensor:
    """How far a caption moves the teacher's answer at each timestep: the mean square, from a few measured ones."""
    generator, known = torch.Generator().manual_seed(0), range(0, len(alphas), 111)
    found = []
    for timestep in known:
        z, ids = latents.batch(SIZES, 32, generator)
        t, *_, x = noised(z, alphas, generator, torch.full((len(z),), timestep))
        blank, told = answers(teacher, x, t, ids)
        found.append((told - blank).square().mean().item())
    return torch.from_numpy(np.interp(np.arange(len(alphas)), known, found)).float()


def main():
    parser = arguments(__doc__)
    parser.add_argument("--peak", type=float, default=0.002, help="the largest rate")
    args = parser.parse_args()
    start(args)
    tokenizer = load_tokenizer(args.runs)
    checkpoint = load(args.runs / "denoiser.pt")
    if checkpoint is None:
        raise SystemExit(f"{args.runs}/denoiser.pt is missing: train a denoiser first")
    teacher = Denoiser(tokenizer)
    teacher.load_state_dict(checkpoint["average"])
    log(args, "softened", f"relative error of the embeddings: {retime(teacher.unet):.1e}")
    teacher = teacher.requires_grad_(False).to(args.device, memory_format=torch.channels_last)
    model = copy.deepcopy(teacher).requires_grad_(True)
    if args.device == "cpu":
        for part in (teacher, model):  # products and sums: a quarter faster to train than torch's fused attention
            part.unet.set_attn_processor(AttnProcessor())
            part.text.set_attn_implementation("eager")
    answers, latents = Answers(args, tokenizer), Latents(args, tokenizer)
    alphas = published_scheduler().alphas_cumprod.to(args.device)
    generator = torch.Generator().manual_seed(0)

    def blank_calls():
        for timestep in range(100, 1000, 150):
            z, _ = latents.batch(SIZES, 32, generator)
            t, *_, x = noised(z, alphas, generator, torch.full((len(z),), timestep))
            answers(model, x, t, answers.empty.expand(len(x), -1))

    weaken_attention(model.unet, blank_calls)
    scale = effects(answers, teacher, latents, alphas).to(args.device)
    training = Training(args, "softened", model, args.peak)

    def loss(seed, progress):
        generator = torch.Generator().manual_seed(seed)
        z, ids = latents.batch(SIZES, args.batch or 32, generator)
        # More of the noisy timesteps, where the answer is about the caption alone and captions are many.
        t = (torch.arange(len(z)) + torch.rand(len(z), generator=generator)) / len(z)
        t, alpha, _, x = noised(z, alphas, generator, (t**0.6 * len(alphas)).long())
        with torch.no_grad():
            blank, told = answers(teacher, x, t, ids)
        given_blank, given = answers(model, x, t, ids)
        blank_error = given_blank - blank
        error = given - blank - KEPT * (told - blank)
        guided_error = blank_error / GUIDANCE + error - blank_error  # in parts of the guidance, as a sampler sees it
        weight = snr_weight(alphas[t]) / (scale[t] + 0.03)
        each = guided_error.square().mean((1, 2, 3)) + 0.1 * blank_error.square().mean((1, 2, 3))
        return (each * weight).mean()

    training.run(loss, warmup=0.03)


if __name__ == "__main__":
    main()
