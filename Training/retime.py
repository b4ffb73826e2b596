# SPDX-License-Identifier: Apache-2.0
"""Moves a denoiser that was trained on a noise schedule with another end to the published one.

It knows a timestep by its embedding alone. So all it must learn anew is which embedding a timestep has: that of the old
timestep with as much noise. No picture is needed, and nothing else changes.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from common import load, save
from denoiser import Denoiser, load_tokenizer, scheduler


def noise_levels(beta_end: float) -> np.ndarray:
    """Logarithms of noise to signal at the 1000 steps of the published schedule, if it ended at `beta_end`."""
    kept = np.cumprod(1 - np.linspace(scheduler().config.beta_start**0.5, beta_end**0.5, 1000) ** 2)
    return np.log((1 - kept) / kept)


def retimed(unet, beta_end: float) -> float:
    """Gives `unet`, which knows a schedule that ends at `beta_end`, the published one's embeddings; their relative error."""
    levels = noise_levels(beta_end), noise_levels(scheduler().config.beta_end)
    before = torch.from_numpy(np.interp(levels[1], levels[0], np.arange(1000.0))).float()
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


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--from", dest="beta_end", type=float, required=True, help="where the denoiser's schedule ends")
    args = parser.parse_args()
    path = args.runs / "denoiser.pt"
    model = Denoiser(load_tokenizer(args.runs))
    model.load_state_dict(load(path)["average"])
    print(f"relative error of the embeddings: {retimed(model.unet, args.beta_end):.1e}")
    save(path, average=model.state_dict())


if __name__ == "__main__":
    main()
