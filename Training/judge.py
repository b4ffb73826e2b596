# SPDX-License-Identifier: Apache-2.0
"""Scores an exported model with a classifier that has only ever seen drawings.

`train` fits the judge to drawings and reports how often it is right on held-out ones: under 95 %
for any label it refuses to be used. `score` has the model draw held-out combinations from their
captions, and asks the judge what it sees. The floor is the same answers against shuffled captions.
"""

import json
from random import Random

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

from common import RANK, WORLD, Budget, arguments, load, log, pictures, save, start
from muon import optimizers, set_rates
from sample import generate, load_pipeline
from scenes import BACKGROUNDS, CALICO, CHARACTERS, COLOURS, OUTDOORS, SUBJECTS, caption, held_out_scenes, training_scene

SIZE = 64
LABELS = {
    "subject": [*SUBJECTS],
    "colour": [*COLOURS, CALICO],
    "suit": [False, True],
    "background": [*BACKGROUNDS],
    "night": [False, True],
}


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        widths = (3, 32, 64, 96, 128)
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.GroupNorm(8, b), nn.SiLU()]
            layers += [nn.Conv2d(b, b, 3, padding=1), nn.GroupNorm(8, b), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.heads = nn.ModuleDict({name: nn.Linear(128 * 16, len(values)) for name, values in LABELS.items()})

    def forward(self, x):
        h = self.body(x)
        return {name: head(h) for name, head in self.heads.items()}


def targets(scenes) -> dict[str, torch.Tensor]:
    return {name: torch.tensor([v.index(getattr(s, name)) for s in scenes]) for name, v in LABELS.items()}


def asked(scenes) -> dict[str, torch.Tensor]:
    """Which scenes a label is scored on: suits on those who can wear one, night where there is one."""
    masks = {name: torch.ones(len(scenes), dtype=torch.bool) for name in LABELS}
    masks["suit"] = torch.tensor([s.subject in CHARACTERS for s in scenes])
    masks["night"] = torch.tensor([s.background in OUTDOORS for s in scenes])
    return masks


def blurred(x, generator):
    """Blur, noise and a change of contrast: a model's pictures are not as clean as drawings."""
    for sigma in torch.rand(2, generator=generator):
        if sigma < 0.5:
            x = torch.lerp(x, F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), 2 * sigma.item())
    gain = 1 + 0.2 * (torch.rand(len(x), 1, 1, 1, generator=generator) - 0.5)
    return x * gain + 0.15 * torch.rand(1, generator=generator) * torch.randn(x.shape, generator=generator)


@torch.no_grad()
def accuracies(judge, x, truth, masks) -> dict[str, float]:
    answers = torch.cat([torch.stack([a.argmax(1) for a in judge(part).values()], 1) for part in x.split(100)])
    return {
        name: (answers[:, i] == truth[name])[masks[name]].float().mean().item() for i, name in enumerate(LABELS)
    }


def train(args) -> None:
    judge = Judge()
    opts = optimizers(judge.named_parameters(), 0.02, 2e-3, ("heads", "body.0.weight"))
    budget, batch, generator = Budget(args), args.batch or 32, torch.Generator().manual_seed(0)
    while (progress := budget.progress()) < 1:
        set_rates(opts, progress, 0.05)
        scenes = [training_scene(20_000_000 + budget.step * batch + i) for i in range(batch)]
        answers, truth = judge(blurred(pictures(scenes, SIZE), generator)), targets(scenes)
        loss = sum(F.cross_entropy(answers[name], truth[name]) for name in LABELS)
        loss.backward()
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        budget.step += 1
        if budget.step % 50 == 0:
            log(args, "judge", f"step {budget.step} {progress:.1%} loss {loss.item():.3f}")
    judge.eval()
    scenes = held_out_scenes(300)
    found = accuracies(judge, pictures(scenes, SIZE), targets(scenes), asked(scenes))
    log(args, "judge", f"step {budget.step}, held-out drawings: {rounded(found)}")
    save(args.runs / "judge.pt", model=judge.state_dict(), accuracies=found)


def rounded(figures):
    return {name: round(value, 3) for name, value in figures.items()}


def score(args) -> None:
    state = load(args.runs / "judge.pt")
    if state is None or min(state["accuracies"].values()) < 0.95:
        raise SystemExit("train a judge that is right on 95 % of held-out drawings first")
    judge = Judge()
    judge.load_state_dict(state["model"])
    judge.eval()
    scenes = held_out_scenes(args.count)
    prompts = [caption(scene, Random(i), plain=True) for i, scene in enumerate(scenes)]
    mine = list(range(RANK, args.count, WORLD))
    images = generate(load_pipeline(args.model), [prompts[i] for i in mine], mine, guidance=args.guidance)
    small = F.avg_pool2d(torch.from_numpy(images).permute(0, 3, 1, 2).float() / 127.5 - 1, images.shape[1] // SIZE)
    x = torch.zeros(args.count, *small.shape[1:])
    x[mine] = small
    if WORLD > 1:
        dist.all_reduce(x)  # each process has drawn its share
    truth, masks = targets(scenes), asked(scenes)
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(scenes)))
    result = {
        "count": args.count,
        "guidance": args.guidance,
        "held-out drawings": rounded(state["accuracies"]),
        "generated": rounded(accuracies(judge, x, truth, masks)),
        "shuffled captions": rounded(accuracies(judge, x[order], truth, masks)),
    }
    if RANK > 0:
        return
    print(json.dumps(result, indent=2))
    (args.runs / "score.json").write_text(json.dumps(result, indent=2) + "\n")


def main():
    parser = arguments(__doc__)
    parser.add_argument("action", choices=("train", "score"))
    parser.add_argument("--model", help="the exported directory to score")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--guidance", type=float, default=7.5)
    args = parser.parse_args()
    start(args)
    (train if args.action == "train" else score)(args)


if __name__ == "__main__":
    main()
