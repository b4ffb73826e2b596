# SPDX-License-Identifier: Apache-2.0
"""Scores an exported model with a classifier that has only ever seen drawings.

`train` fits the judge to drawings and reports how often it is right on held-out ones: under 97 %
for any label, a count or a relation it refuses to be used. `score` has the model draw held-out combinations from their
captions, and asks the judge what it sees. The floor is the same answers against shuffled captions.
"""

import json
from random import Random

import numpy as np
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

from common import RANK, WORLD, arguments, load, log, pictures, save, start
from muon import optimizers, set_rates
from sample import generate, load_pipeline
from scenes import (
    BACKGROUNDS, CHARACTERS, CLOTHES, COLOURS, OUTDOORS, PATTERNS, SUBJECTS, WEATHERS, caption, held_out_scenes,
    training_scene,
)  # fmt: skip
from training import Budget

SIZE = 128
# What a picture holds, as far as it can be told without its caption: of two subjects, `subject` and what the next three
# heads say is the left or the upper one.
LABELS = {
    "layout": ["one", "two", "three", "four", "side by side", "one above the other"],
    "subject": [*SUBJECTS],
    "other": ["none", *SUBJECTS],
    "colour": [*COLOURS],
    "pattern": [*PATTERNS],
    "clothes": [*CLOTHES],
    "background": [*BACKGROUNDS],
    "night": [False, True],
    "weather": [*WEATHERS],
}


def answers_of(scene) -> dict:
    """The right answer of each head."""
    items = scene.items[::-1] if scene.relation in ("right", "below") else scene.items
    layouts = {"left": 4, "right": 4, "above": 5, "below": 5}
    return {
        "layout": LABELS["layout"][layouts.get(scene.relation, scene.count - 1)],
        "subject": items[0].subject,
        "other": items[1].subject if len(items) > 1 else "none",
        "colour": items[0].colour,
        "pattern": items[0].pattern,
        "clothes": items[0].clothes,
        "background": scene.background,
        "night": scene.night,
        "weather": scene.weather,
    }


def label(scene) -> list[int]:
    answers = answers_of(scene)
    return [values.index(answers[name]) for name, values in LABELS.items()]


class Judge(nn.Module):
    def __init__(self):
        super().__init__()
        widths = (3, 32, 64, 128, 192, 192)
        layers = []
        for a, b in zip(widths, widths[1:]):
            layers += [nn.Conv2d(a, b, 3, stride=2, padding=1), nn.GroupNorm(8, b), nn.SiLU()]
            layers += [nn.Conv2d(b, b, 3, padding=1), nn.GroupNorm(8, b), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Dropout(0.2))
        self.heads = nn.ModuleDict({name: nn.Linear(192 * 16, len(values)) for name, values in LABELS.items()})

    def forward(self, x):
        h = self.body(x)
        return {name: head(h) for name, head in self.heads.items()}


def blurred(x, generator):
    """Blur, noise and a change of contrast: a model's pictures are not as clean as drawings."""

    def uniform(*shape):
        return torch.rand(shape, generator=generator, device=x.device)

    for sigma in uniform(2):
        amount = torch.where(sigma < 0.5, 2 * sigma, 0.0)
        x = torch.lerp(x, F.avg_pool2d(x, 3, 1, 1, count_include_pad=False), amount)
    noise = torch.randn(x.shape, generator=generator, device=x.device)
    return x * (0.9 + 0.2 * uniform(len(x), 1, 1, 1)) + 0.15 * uniform(1) * noise


@torch.no_grad()
def accuracies(judge, x, scenes) -> dict[str, float]:
    """How often each head is right, and each relation as a whole: both subjects, and how they stand."""
    answers = torch.cat([torch.stack([a.argmax(1) for a in judge(part).values()], 1) for part in x.split(100)]).cpu()
    right = answers == torch.tensor([label(scene) for scene in scenes])
    names = [*LABELS]

    def share(heads, wanted):
        rows = torch.tensor([wanted(scene) for scene in scenes])
        return right[rows][:, [names.index(head) for head in heads]].all(1).float().mean().item()

    one = {
        "subject": lambda scene: True,
        "colour": lambda scene: scene.items[0].pattern != "calico",
        "pattern": lambda scene: True,
        "clothes": lambda scene: answers_of(scene)["subject"] in CHARACTERS,
        "background": lambda scene: True,
        "night": lambda scene: scene.background in OUTDOORS,
        "weather": lambda scene: scene.background in OUTDOORS,
    }
    found = {name: share([name], wanted) for name, wanted in one.items()}
    found["patterned"] = share(["pattern"], lambda scene: answers_of(scene)["pattern"] != "plain")
    found["count"] = share(["layout"], lambda scene: scene.count > 1)
    found["relation"] = share(["layout", "subject", "other"], lambda scene: scene.relation != "none")
    return found


def train(args) -> None:
    judge = Judge()
    opts = optimizers(judge.named_parameters(), 0.02, 2e-3, ("heads", "body.0.weight"))
    budget, batch, generator = Budget(args), args.batch or 32, torch.Generator().manual_seed(0)
    while (progress := budget.progress()) < 1:
        set_rates(opts, progress, 0.05)
        scenes = [training_scene(20_000_000 + budget.step * batch + i) for i in range(batch)]
        answers = judge(blurred(pictures(scenes, SIZE), generator))
        truth = torch.tensor([label(scene) for scene in scenes])
        loss = sum(F.cross_entropy(answers[name], truth[:, i]) for i, name in enumerate(LABELS))
        loss.backward()
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        budget.step += 1
        if budget.step % 50 == 0:
            log(args, "judge", f"step {budget.step} {progress:.1%} loss {loss.item():.3f}")
    judge.eval()
    scenes = held_out_scenes(300)
    found = accuracies(judge, pictures(scenes, SIZE), scenes)
    log(args, "judge", f"step {budget.step}, held-out drawings: {shortened(found)}")
    save(args.runs / "judge.pt", model=judge.state_dict(), accuracies=found)


def shortened(figures):
    return {name: round(value, 3) for name, value in figures.items()}


def score(args) -> None:
    state = load(args.runs / "judge.pt")
    # `patterned` is the harder part of `pattern`, and not asked for apart.
    if state is None or min(share for name, share in state["accuracies"].items() if name != "patterned") < 0.97:
        raise SystemExit("train a judge that is right on 97 % of held-out drawings first")
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
    order = torch.from_numpy(np.random.default_rng(0).permutation(len(scenes)))
    result = {
        "count": args.count,
        "guidance": args.guidance,
        "held-out drawings": shortened(state["accuracies"]),
        "generated": shortened(accuracies(judge, x, scenes)),
        "shuffled captions": shortened(accuracies(judge, x[order], scenes)),
    }
    if RANK > 0:
        return
    print(json.dumps(result, indent=2))
    (args.runs / "score.json").write_text(json.dumps(result, indent=2) + "\n")


def main():
    parser = arguments(__doc__)
    parser.add_argument("action", choices=("train", "score"))
    parser.add_argument("--model", help="the exported directory to score")
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--guidance", type=float, default=7.5)
    args = parser.parse_args()
    start(args)
    (train if args.action == "train" else score)(args)


if __name__ == "__main__":
    main()
