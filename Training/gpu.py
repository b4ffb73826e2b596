# SPDX-License-Identifier: Apache-2.0
"""Trains the whole model on one GPU within a budget of seconds, and leaves what `export.py` reads.

    python gpu.py --runs runs --seconds 300 [--scenes 80000] [--device cuda]

Other processes draw scenes and word captions from the first second on, into memory that all share, and the GPU trains
on what is there: the autoencoder's inner levels on small pictures, then all of it end to end at 512 px, then the denoiser
on its latents, then the judge. Checkpoints are written after each stage and every 40 seconds of the denoiser's, so that
whatever ends the run leaves a model. A run that finds checkpoints trains on from them; `--stages` names what to train:
`decoder` goes on with the decoder alone, on latents that stay as they are.
"""

import argparse
import mmap
import multiprocessing
import os
import time
from pathlib import Path
from random import Random

import numpy as np
import torch
from torch.nn import functional as F

import autoencoder as ae
import group_norm
import judge as judging
from common import Average, load, psnr, rounded, save
from denoiser import Denoiser, load_tokenizer, loss_of, scheduler
from draw import draw
from muon import optimizers, set_rates
from scenes import caption, empty_caption, held_out_scenes, training_scene
from tokenizer import simple_ids

CAPTIONS = 4  # a scene
STARTED = time.time()


def note(args, text):
    line = f"{time.time() - STARTED:6.1f} s  {text}"
    print(line, flush=True)
    with open(args.runs / "gpu.log", "a", encoding="utf-8") as file:
        file.write(line + "\n")


def shared(shape, dtype):
    """An array of zeros that processes forked from now on write to."""
    count = int(np.prod(shape))
    return np.frombuffer(mmap.mmap(-1, count * np.dtype(dtype).itemsize), dtype, count).reshape(shape)


class Pool:
    """Scenes drawn by other processes: pictures at 512 px, captions as ids, and what a judge is to see."""

    def __init__(self, count, processes, vocabulary):
        self.count, self.vocabulary = count, vocabulary
        self.pictures = shared((count, 512, 512, 3), np.uint8)
        self.ids = shared((count, CAPTIONS, 77), np.int16)
        self.labels = shared((count, len(judging.LABELS)), np.int8)
        self.done = shared((processes,), np.int64)
        context = multiprocessing.get_context("fork")
        self.workers = [context.Process(target=self.draw, args=(i, processes), daemon=True) for i in range(processes)]
        for worker in self.workers:
            worker.start()

    def draw(self, first, step):
        torch.set_num_threads(1)
        for i in range(first, self.count, step):
            scene, rng = training_scene(i), Random(i)
            self.pictures[i] = draw(scene, 512)
            for k in range(CAPTIONS):
                self.ids[i, k] = simple_ids(self.vocabulary, caption(scene, rng))
            self.labels[i] = judging.label(scene)
            self.done[first] = i // step + 1

    def ready(self):
        """Scenes from the first on that are all drawn."""
        return min(int(self.done.min()) * len(self.workers), self.count)

    def wait(self, count):
        while self.ready() < count and any(worker.is_alive() for worker in self.workers):
            time.sleep(0.05)

    def stop(self):
        for worker in self.workers:
            worker.terminate()


class Gathered:
    """The part of a pool that lies on the GPU, growing as more is drawn."""

    def __init__(self, pool, most, device):
        self.pool, self.device, self.count = pool, device, 0
        self.pictures = torch.empty((most, 512, 512, 3), dtype=torch.uint8, device=device)

    def grow(self, chunk=512):
        ready = min(self.pool.ready(), len(self.pictures), self.count + chunk)
        if ready > self.count:
            self.pictures[self.count : ready] = torch.from_numpy(self.pool.pictures[self.count : ready]).to(self.device)
            self.count = ready


def unit(pictures, size=512):
    """Bytes [n, 512, 512, 3] as [n, 3, size, size] in -1...1, small ones by averaging."""
    x = pictures.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    if size < 512:
        x = F.avg_pool2d(x, 512 // size)
    return x.contiguous(memory_format=torch.channels_last)


def train(args, stage, model, opts, seconds, step, average=None, keep=None):
    """Steps until the seconds are over; `step(progress)` gives a loss."""
    parameters = [p for group in opts for g in group.param_groups for p in g["params"]]
    begun, count, seen, total, kept = time.time(), 0, 0, 0.0, time.time()
    while (progress := (time.time() - begun) / seconds) < 1:
        set_rates(opts, progress, 0.03)
        loss, pictures = step(progress)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        for opt in opts:
            opt.step()
            opt.zero_grad(set_to_none=True)
        if average:
            average.update(model)
        count, seen = count + 1, seen + pictures
        if args.device == "cuda" and count % 8 == 0:
            torch.cuda.synchronize()  # the clock counts what is done, not what is queued
        if count % args.every == 0:
            note(args, f"{stage} step {count} {progress:.0%} loss {loss.item():.4f} {seen / (time.time() - begun):.0f} pictures/s")
        if keep and time.time() - kept > 40:
            keep()
            kept = time.time()
    note(args, f"{stage} done: {count} steps, {seen} pictures")


@torch.no_grad()
def autoencoder_psnr(args, model, held):
    values = []
    for part in held.split(8):
        with rounded(args):
            y = model.decode(model.encode(part)[0]).float()
        values.append(psnr(y, part))
    return sum(values) / len(values)


def train_autoencoder(args, gathered, held, seconds):
    path = args.runs / "autoencoder.pt"
    model = ae.Autoencoder()
    if checkpoint := load(path):
        model.load_state_dict(checkpoint["average"])
    model = model.to(args.device, memory_format=torch.channels_last)
    adamw_only = ("conv_in", "conv_out", "stem", "head")
    random = np.random.default_rng(0)

    def batch(count):
        gathered.grow()
        return gathered.pictures[torch.from_numpy(random.integers(0, gathered.count, count)).to(args.device)]

    def noisy(mean, logvar):
        """A draw of the latents, sometimes with the errors that a denoiser makes."""
        logvar = logvar.float().clamp(-12, 6)
        z = mean.float() + torch.randn_like(mean, dtype=torch.float32) * (0.5 * logvar).exp()
        kl = 0.5 * (mean.float().square() + logvar.exp() - 1 - logvar).mean()
        amount = 0.1 * torch.rand(len(z), 1, 1, 1, device=z.device) * (torch.rand(len(z), 1, 1, 1, device=z.device) < 0.5)
        return z + amount * mean.detach().float().std() * torch.randn_like(z), kl

    if not checkpoint:
        def small(progress):
            x = unit(batch(args.small_batch), 128)
            with rounded(args):
                z, kl = noisy(*model.encode_small(x))
                y = model.decode_small(z)
            return ae.reconstruction_loss(y.float(), x) + 1e-3 * kl, len(x)

        train(args, "small", model, optimizers(model.named_parameters(), 0.02, 2e-3, adamw_only), seconds * 0.3, small)

    def whole(progress):
        """Windows first, which cost less; then whole pictures, whose borders and statistics no window has."""
        if progress < 0.6:
            x = unit(batch(args.window_batch))
            top, left = (32 * int(i) for i in random.integers(0, 9, 2))
            x = x[:, :, top : top + 256, left : left + 256].contiguous(memory_format=torch.channels_last)
        else:
            x = unit(batch(args.whole_batch))
        with rounded(args):
            z, kl = noisy(*model.encode(x))
            y = model.decode(z)
        return ae.reconstruction_loss(y.float(), x) + 1e-3 * kl, len(x)

    average = Average(model, 0.99)
    peak = 0.01 if checkpoint else 0.02
    opts = optimizers([(n, p) for n, p in model.named_parameters() if n.startswith("kl.")], peak, peak / 10, adamw_only)

    def keep():
        save(path, average={name: value.half() for name, value in average.module.state_dict().items()})

    train(args, "autoencoder", model, opts, seconds * (1 if checkpoint else 0.7), whole, average, keep)
    keep()
    note(args, f"autoencoder PSNR {autoencoder_psnr(args, average.module, held):.2f} dB on {len(held)} held-out pictures")


def train_decoder(args, gathered, held, seconds):
    """The decoder alone, on latents that stay as they are: a denoiser that knows them need not learn anew."""
    path = args.runs / "autoencoder.pt"
    model = ae.Autoencoder()
    model.load_state_dict(load(path)["average"])
    model = model.to(args.device, memory_format=torch.channels_last).requires_grad_(False)
    note(args, f"decoder starts at {autoencoder_psnr(args, model, held):.2f} dB")
    latents = []
    with torch.no_grad():
        for part in gathered.pictures[: gathered.count].split(8):
            with rounded(args):
                latents.append(model.encode(unit(part))[0].float())
    latents = torch.cat(latents)
    spread = latents.std()
    note(args, f"latents of {len(latents)} pictures")
    parts = [model.kl.decoder, model.kl.post_quant_conv]
    for part in parts:
        part.requires_grad_(True)
    average = Average(model, 0.99)
    opts = optimizers(model.named_parameters(), args.peak, args.peak / 10, ("conv_in", "conv_out", "stem", "head"))
    random = np.random.default_rng(int(STARTED))

    def step(progress):
        count = args.window_batch if progress < 0.7 else args.whole_batch
        index = torch.from_numpy(random.integers(0, len(latents), count))
        x, z = unit(gathered.pictures[index]), latents[index]
        if progress < 0.7:
            top, left = (int(i) for i in random.integers(0, 9, 2))
            x = x[:, :, 32 * top : 32 * top + 256, 32 * left : 32 * left + 256]
            z = z[:, :, top : top + 8, left : left + 8]
        amount = 0.1 * torch.rand(count, 1, 1, 1, device=z.device) * (torch.rand(count, 1, 1, 1, device=z.device) < 0.5)
        z = z + amount * spread * torch.randn_like(z)
        with rounded(args):
            y = model.decode(z.contiguous(memory_format=torch.channels_last))
        return ae.reconstruction_loss(y.float(), x), count

    def keep():
        save(path, average={name: value.half() for name, value in average.module.state_dict().items()})

    train(args, "decoder", model, opts, seconds, step, average, keep)
    keep()
    note(args, f"decoder PSNR {autoencoder_psnr(args, average.module, held):.2f} dB on {len(held)} held-out pictures")


@torch.no_grad()
def encode_all(args, pool):
    """The latents of every scene drawn so far, and their statistics."""
    model = ae.Autoencoder()
    model.load_state_dict(load(args.runs / "autoencoder.pt")["average"])
    model = model.to(args.device, memory_format=torch.channels_last).eval()
    count = pool.ready()
    latents = torch.empty((count, ae.LATENT_CHANNELS, 16, 16), dtype=torch.float16, device=args.device)
    for i in range(0, count, 64):
        with rounded(args):
            part = unit(torch.from_numpy(pool.pictures[i : min(count, i + 64)]).to(args.device))
            latents[i : i + len(part)] = model.encode(part)[0].half()
    sample = latents[:20_000].float()
    mean, std = sample.mean((0, 2, 3)), sample.std((0, 2, 3))
    save(args.runs / "latents.pt", mean=mean.cpu(), std=std.cpu())
    note(args, f"latents of {count} scenes, std {std.min().item():.2f} to {std.max().item():.2f}")
    return ((latents.float() - mean[:, None, None]) / std[:, None, None]).half()


def train_denoiser(args, pool, latents, seconds):
    path = args.runs / "denoiser.pt"
    model = Denoiser(load_tokenizer(args.runs))
    if checkpoint := load(path):
        model.load_state_dict(checkpoint["average"])
    model = model.to(args.device, memory_format=torch.channels_last)
    average = Average(model, 0.995)
    peak = 0.01 if checkpoint else 0.02
    opts = optimizers(model.named_parameters(), peak, peak / 10)
    alphas = scheduler().alphas_cumprod.to(args.device)
    ids = torch.from_numpy(pool.ids[: len(latents)].copy()).to(args.device)
    rng = Random(0)
    vocabulary = pool.vocabulary
    empty = torch.tensor([simple_ids(vocabulary, empty_caption(rng)) for _ in range(4096)]).to(args.device)
    generator = torch.Generator(device=args.device).manual_seed(int(time.time()))

    def step(progress):
        n = args.batch
        index = torch.randint(len(latents), (n,), device=args.device, generator=generator)
        which = torch.randint(CAPTIONS, (n,), device=args.device, generator=generator)
        words = ids[index, which].long()
        blank = empty[torch.randint(len(empty), (n,), device=args.device, generator=generator)]
        words = torch.where(torch.rand(n, 1, device=args.device, generator=generator) < 0.1, blank, words)
        with rounded(args):
            loss, _ = loss_of(model, latents[index].float(), words, alphas, generator)
        return loss, n

    def keep():
        save(path, average={name: value.half() for name, value in average.module.state_dict().items()})

    train(args, "denoiser", model, opts, seconds, step, average, keep)
    keep()


def train_judge(args, pool, gathered, seconds):
    model = judging.Judge().to(args.device, memory_format=torch.channels_last)
    opts = optimizers(model.named_parameters(), 0.02, 2e-3, ("heads", "body.0.weight"))
    count = gathered.count
    with torch.no_grad():
        x = torch.cat([unit(part, judging.SIZE).half() for part in gathered.pictures[:count].split(256)])
    truth = torch.from_numpy(pool.labels[:count].astype(np.int64)).to(args.device)
    generator = torch.Generator(device=args.device).manual_seed(0)

    def step(progress):
        index = torch.randint(count, (args.judge_batch,), device=args.device)
        with rounded(args):
            answers = model(judging.blurred(x[index].float(), generator))
        return sum(F.cross_entropy(answers[name].float(), truth[index, i]) for i, name in enumerate(judging.LABELS)), len(index)

    train(args, "judge", model, opts, seconds, step)
    model.eval()
    scenes = held_out_scenes(500, 30_000_000)
    pictures = torch.stack([torch.from_numpy(draw(scene, 512)) for scene in scenes])
    x = torch.cat([unit(part.to(args.device), judging.SIZE) for part in pictures.split(100)])
    found = judging.accuracies(model, x, scenes)
    save(args.runs / "judge.pt", model=model.state_dict(), accuracies=found)
    note(args, f"judge on held-out drawings {judging.shortened(found)}")


@torch.no_grad()
def show(args):
    """Pictures of held-out captions, judged and as a sheet."""
    from PIL import Image

    scenes = held_out_scenes(args.show)
    prompts = [caption(scene, Random(i), plain=True) for i, scene in enumerate(scenes)]
    model = Denoiser(load_tokenizer(args.runs))
    model.load_state_dict(load(args.runs / "denoiser.pt")["average"])
    model = model.to(args.device, memory_format=torch.channels_last).eval()
    coder = ae.Autoencoder()
    coder.load_state_dict(load(args.runs / "autoencoder.pt")["average"])
    coder = coder.to(args.device, memory_format=torch.channels_last).eval()
    cache = load(args.runs / "latents.pt")
    mean, std = (cache[name].to(args.device)[:, None, None] for name in ("mean", "std"))
    vocabulary = load_tokenizer(args.runs).get_vocab()
    ids = torch.tensor([simple_ids(vocabulary, text) for text in ["", *prompts]]).to(args.device)
    pictures = []
    for first in range(0, len(prompts), 100):
        part = ids[1 + first : 1 + first + 100]
        sampler = scheduler()
        sampler.set_timesteps(25)
        x = torch.randn((len(part), ae.LATENT_CHANNELS, 16, 16), generator=torch.Generator().manual_seed(first)).to(args.device)
        with rounded(args):
            context = torch.cat([model.text(ids[:1]).last_hidden_state.expand(len(part), -1, -1), model.text(part).last_hidden_state])
        for t in sampler.timesteps:
            with rounded(args):
                blank, told = model.unet(torch.cat([x, x]), t.to(args.device), context).sample.float().chunk(2)
            x = sampler.step(blank + 7.5 * (told - blank), t, x).prev_sample
        for z in x.split(20):
            with rounded(args):
                pictures.append(coder.decode(z * std + mean).float().clamp(-1, 1).cpu())
    pictures = torch.cat(pictures)
    state = load(args.runs / "judge.pt")
    if state:
        model = judging.Judge().to(args.device)
        model.load_state_dict(state["model"])
        small = F.avg_pool2d(pictures, 512 // judging.SIZE).to(args.device)
        note(args, f"generated {judging.shortened(judging.accuracies(model.eval(), small, scenes))}")
    tiles = (F.avg_pool2d(pictures[:64], 4) + 1).mul(127.5).round().byte().permute(0, 2, 3, 1).numpy()
    rows = [np.concatenate(tiles[i : i + 8], 1) for i in range(0, len(tiles) // 8 * 8, 8)]
    if rows:
        Image.fromarray(np.concatenate(rows)).save(args.runs / "generated.jpg", quality=90)
    (args.runs / "prompts.txt").write_text("\n".join(prompts[:64]) + "\n", encoding="utf-8")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=Path, default=Path("runs"))
    parser.add_argument("--device", default="cuda", choices=("cuda", "cpu"))
    parser.add_argument("--seconds", type=float, default=300, help="from the start of the process to its end, about")
    parser.add_argument("--scenes", type=int, default=80_000, help="at most; 0.8 MB of memory each")
    parser.add_argument("--gathered", type=int, default=24_000, help="pictures kept on the GPU")
    parser.add_argument("--stages", default="autoencoder,denoiser,judge")
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--small-batch", type=int, default=128)
    parser.add_argument("--window-batch", type=int, default=64)
    parser.add_argument("--whole-batch", type=int, default=24)
    parser.add_argument("--judge-batch", type=int, default=256)
    parser.add_argument("--show", type=int, default=500, help="held-out captions to draw at the end")
    parser.add_argument("--bfloat16", action="store_true", help="on a processor that multiplies it")
    parser.add_argument("--peak", type=float, default=0.01, help="the decoder's largest rate")
    parser.add_argument("--every", type=int, default=50, help="steps between two lines of the log")
    args = parser.parse_args()
    args.runs.mkdir(parents=True, exist_ok=True)
    stages = args.stages.split(",")
    # Before anything touches the GPU: the processes that draw are forks of this one.
    processes = max(1, (os.cpu_count() or 2) - 1)
    vocabulary = load_tokenizer(args.runs).get_vocab()
    pool = Pool(args.scenes, processes, vocabulary)
    group_norm.install(args.device)
    torch.manual_seed(0)
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = True
    torch.backends.cudnn.benchmark = True
    held = torch.stack([torch.from_numpy(draw(scene, 512)) for scene in held_out_scenes(min(48, args.show or 48))])
    held = unit(held).to(args.device)
    gathered = Gathered(pool, min(args.gathered, args.scenes), args.device)
    pool.wait(min(1000, args.scenes // 2))
    gathered.grow()
    note(args, f"{pool.ready()} scenes drawn by {processes} processes")
    share = {"autoencoder": 0.38, "decoder": 0.2, "encoding": 0.2, "denoiser": 0.3, "judge": 0.05, "show": 0.07}
    ahead = [part for part in share if part in stages or (part == "encoding" and "denoiser" in stages) or part == "show"]

    def seconds(stage):
        """The stage's part of the time that is left now: what came before it may have taken longer than its own."""
        rest = ahead[ahead.index(stage) :]
        return max(1, args.seconds - (time.time() - STARTED)) * share[stage] / sum(share[part] for part in rest)

    if "autoencoder" in stages:
        train_autoencoder(args, gathered, held, seconds("autoencoder"))
    if "decoder" in stages:
        pool.wait(min(args.gathered, args.scenes))
        while gathered.count < min(pool.ready(), len(gathered.pictures)):
            gathered.grow()
        pool.stop()
        train_decoder(args, gathered, held, seconds("decoder"))
    if "denoiser" in stages:
        latents = encode_all(args, pool)
        pool.stop()
        train_denoiser(args, pool, latents, seconds("denoiser"))
        del latents
    if "judge" in stages:
        while gathered.count < min(pool.ready(), len(gathered.pictures)):
            gathered.grow()
        train_judge(args, pool, gathered, seconds("judge"))
    pool.stop()
    if args.show:
        show(args)
    note(args, "done")


if __name__ == "__main__":
    main()
