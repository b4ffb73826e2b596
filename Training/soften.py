# SPDX-License-Identifier: Apache-2.0
"""Weakens what captions change, so that a guidance of 7.5 does what 1.9 did.

Drawings follow their captions so closely that a denoiser of them overshoots at the guidance that prompts are used to, and
samplers that extrapolate from past steps make more of it from one step to the next. The denoiser that is there is the
teacher: the new one learns its answer to the empty caption, and the part `KEPT` of the way from there to its answer to a
caption. Nothing else changes, and no noise of data is in what is learnt, so that a small part of the first training is enough.
"""

import shutil

import torch

from common import RANK, arguments, load, rounded, start
from denoiser import Denoiser, Latents, load_tokenizer, noised, scheduler, token_ids
from training import Training

KEPT = 0.25
# Widths and heights, and how often a step takes one.
SIZES = {(512, 512): 8, (768, 512): 1, (512, 768): 1}


def main():
    parser = arguments(__doc__)
    parser.add_argument("--peak", type=float, default=0.002, help="the largest rate")
    args = parser.parse_args()
    start(args)
    tokenizer = load_tokenizer(args.runs)
    model, teacher = (Denoiser(tokenizer).to(args.device, memory_format=torch.channels_last) for _ in range(2))
    kept = args.runs / "teacher.pt"
    if not kept.exists() and RANK == 0:
        shutil.copy(args.runs / "denoiser.pt", kept)
    teacher.load_state_dict(load(kept)["average"])
    teacher.requires_grad_(False)
    training = Training(args, "denoiser", model, args.peak)
    latents = Latents(args, tokenizer)
    alphas = scheduler().alphas_cumprod.to(args.device)
    empty = token_ids(tokenizer, [""]).to(args.device)

    def loss(seed, progress):
        generator = torch.Generator().manual_seed(seed)
        z, ids = latents.batch(SIZES, args.batch or 16, generator)
        t, *_, x = noised(z, alphas, generator)
        with rounded(args):
            with torch.no_grad():
                blank = teacher(x, t, empty.expand(len(x), -1)).float()
                wanted = blank + KEPT * (teacher(x, t, ids).float() - blank)
            return (model(x, t, ids).float() - wanted).square().mean()

    training.run(loss, warmup=0.03)


if __name__ == "__main__":
    main()
