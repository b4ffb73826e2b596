# SPDX-License-Identifier: Apache-2.0
"""Trains the whole model on one GPU within a budget of seconds, and leaves what `export.py` reads.

    python gpu.py --runs runs --seconds 300 [--scenes 60000] [--device cuda]

Other processes draw scenes and word captions from the first second on, into memory that all share, and the GPU trains
on what is there: the autoencoder's inner levels on small pictures, then all of it end to end at 512 px, then the denoiser
on its latents, then the judge. Checkpoints are written after each stage and every 40 seconds, so that
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
from common import load, psnr, rounded, save
from denoiser import Denoiser, load_tokenizer, loss_of, scheduler
from draw import draw
from muon import optimizers, set_rates
from scenes import caption, empty_caption, held_out_scenes, training_scene
from tokenizer import simple_ids
from training import Average

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
        self.known = torch.zeros((), device=device)  # the count, where a recorded step reads it

    def grow(self, chunk=1024):
        """Takes over what was drawn meanwhile, if it is a chunk or the rest."""
        ready = min(self.pool.ready(), len(self.pictures), self.count + chunk)
        if ready - self.count >= chunk or ready in (len(self.pictures), self.pool.count) or self.count == 0:
            self.pictures[self.count : ready] = torch.from_numpy(self.pool.pictures[self.count : ready]).to(self.device)
            self.count = ready
            self.known.fill_(ready)

    def fill(self):
        """Takes over all there is."""
        while self.count < min(self.pool.ready(), len(self.pictures)):
            self.grow(min(1024, min(self.pool.ready(), len(self.pictures)) - self.count))

    def indices(self, count):
        return (torch.rand(count, device=self.device) * self.known).long()


def windows(count, pixels, device):
    """Where `count` windows of `pixels` a side lie in pictures: rows and columns, on the edges of latent cells."""
    corner = torch.randint((512 - pixels) // 32 + 1, (2, count, 1), device=device)
    cells = torch.arange(pixels // 32, device=device)
    inner = torch.arange(pixels, device=device)
    (top, left), (cell_top, cell_left) = 32 * corner + inner, corner + cells
    return (top[:, :, None], left[:, None]), (cell_top[:, :, None], cell_left[:, None])


def unit(pictures, size=512):
    """Bytes [n, 512, 512, 3] as [n, 3, size, size] in -1...1, small ones by averaging."""
    x = pictures.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)
    if size < 512:
        x = F.avg_pool2d(x, 512 // size)
    return x.contiguous(memory_format=torch.channels_last)


class Step:
    """One step of training. After a few it is recorded as a CUDA graph: its thousands of launches take longer than their work."""

    def __init__(self, args, opts, loss_of, model, average=None):
        self.opts, self.loss_of, self.model, self.average = opts, loss_of, model, average
        self.parameters = [p for opt in opts for group in opt.param_groups for p in group["params"]]
        self.graph, self.loss, self.unrecorded = None, None, 4 if args.graphs and args.device == "cuda" else None

    def compute(self):
        for opt in self.opts:
            opt.zero_grad(set_to_none=True)
        loss = self.loss_of()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.parameters, 1.0)
        for opt in self.opts:
            opt.step()
        if self.average:
            self.average.merge(self.model)
        self.loss = loss.detach()

    def __call__(self):
        if self.average:
            self.average.advance()
        if self.graph:
            self.graph.replay()
        elif self.unrecorded is None:
            self.compute()
        elif self.unrecorded:
            self.unrecorded -= 1
            stream = torch.cuda.Stream()
            stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(stream):
                self.compute()
            torch.cuda.current_stream().wait_stream(stream)
        else:
            graph = torch.cuda.CUDAGraph()
            with torch.cuda.graph(graph):
                self.compute()
            self.graph = graph
            graph.replay()


def train(args, stage, model, opts, seconds, phases, average=None, keep=None, before=lambda: None):
    """Steps until the seconds are over. A phase is where its part of them ends, the pictures of a step, and its loss."""
    begun = kept = told = time.time()
    count, seen, since = 0, 0, 0
    for end, pictures, loss_of in phases:
        step = Step(args, opts, loss_of, model, average)
        while (progress := (time.time() - begun) / seconds) < end:
            before()
            set_rates(opts, progress, 0.03)
            step()
            count, seen, since = count + 1, seen + pictures, since + 1
            if args.device == "cuda" and count % 4 == 0:
                torch.cuda.synchronize()  # the clock counts what is done, not what is queued
            now = time.time()
            if now - told > args.every:
                speed = f"{1e3 * (now - told) / since:.1f} ms a step of {pictures}"
                note(args, f"{stage} step {count} {progress:.0%} loss {step.loss.item():.4f} {speed}")
                told, since = now, 0
            if keep and now - kept > 40:
                keep()
                kept = now
        del step
        if args.device == "cuda":
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
    note(args, f"{stage} done: {count} steps, {seen} pictures")


def trained(args, named_parameters, peak, adamw_only=("embed", "conv_in", "conv_out")):
    return optimizers(named_parameters, peak, peak / 10, adamw_only, recorded=args.device == "cuda")


def keeping(path, average):
    """What writes an average."""
    return lambda: save(path, average={name: value.half() for name, value in average.module.state_dict().items()})


def load_coder(args):
    """The autoencoder as far as it is trained."""
    model = ae.Autoencoder()
    if checkpoint := load(args.runs / "autoencoder.pt"):
        model.load_state_dict(checkpoint["average"])
    if args.device == "cuda":
        group_norm.absorb_silu(model.kl)
    return model.to(args.device, memory_format=torch.channels_last), checkpoint is not None


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
    model, again = load_coder(args)
    adamw_only = ("conv_in", "conv_out", "stem", "head")

    def loss(x, encode, decode):
        with rounded(args):
            mean, logvar = encode(x)
            mean, logvar = mean.float(), logvar.float().clamp(-12, 6)
            kl = 0.5 * (mean.square() + logvar.exp() - 1 - logvar).mean()
            z = mean + torch.randn_like(mean) * (0.5 * logvar).exp()
            y = decode(ae.noisy(z, mean.detach().std()))
        return ae.reconstruction_loss(y.float(), x) + 1e-3 * kl

    def small():
        x = unit(gathered.pictures[gathered.indices(args.small_batch)], 128)
        return loss(x, model.encode_small, model.decode_small)

    def window():
        (rows, columns), _ = windows(args.window_batch, 256, args.device)
        index = gathered.indices(args.window_batch)[:, None, None]
        return loss(unit(gathered.pictures[index, rows, columns]), model.encode, model.decode)

    def whole():
        return loss(unit(gathered.pictures[gathered.indices(args.whole_batch)]), model.encode, model.decode)

    if not again:
        opts = trained(args, model.named_parameters(), 0.02, adamw_only)
        phases = [(1, args.small_batch, small)]
        train(args, "small", model, opts, seconds * 0.15, phases, before=gathered.grow)
    average = Average(model, 0.995)
    opts = trained(args, model.kl.named_parameters(), 0.01 if again else 0.02, adamw_only)

    keep = keeping(path, average)
    # Windows first, which cost less; then whole pictures, whose borders and statistics no window has.
    phases = [(0.5, args.window_batch, window), (1, args.whole_batch, whole)]
    train(args, "autoencoder", model, opts, seconds * (1 if again else 0.85), phases, average, keep, gathered.grow)
    keep()
    note(args, f"autoencoder PSNR {autoencoder_psnr(args, average.module, held):.2f} dB on {len(held)} held-out pictures")


@torch.no_grad()
def encode_all(args, gathered):
    """The latents of every picture gathered so far."""
    model, _ = load_coder(args)
    latents = torch.empty((gathered.count, ae.LATENT_CHANNELS, 16, 16), device=args.device)
    for first in range(0, gathered.count, 48):
        with rounded(args):
            part = unit(gathered.pictures[first : min(gathered.count, first + 48)])
            latents[first : first + len(part)] = model.encode(part)[0].float()
    note(args, f"latents of {len(latents)} pictures")
    return latents


def train_decoder(args, gathered, held, seconds):
    """The decoder alone, on latents that stay as they are: a denoiser that knows them need not learn anew."""
    path = args.runs / "autoencoder.pt"
    model, _ = load_coder(args)
    note(args, f"decoder starts at {autoencoder_psnr(args, model, held):.2f} dB")
    latents = encode_all(args, gathered)
    spread = latents.std()
    model.requires_grad_(False)
    for part in (model.kl.decoder, model.kl.post_quant_conv):
        part.requires_grad_(True)
    average = Average(model, 0.995)
    opts = trained(args, model.named_parameters(), args.peak, ("conv_in", "conv_out", "stem", "head"))

    def loss(z, x):
        with rounded(args):
            y = model.decode(ae.noisy(z, spread).contiguous(memory_format=torch.channels_last))
        return ae.reconstruction_loss(y.float(), unit(x))

    def window():
        (rows, columns), (cell_rows, cell_columns) = windows(args.window_batch, 256, args.device)
        index = gathered.indices(args.window_batch)[:, None, None]
        z = latents.permute(0, 2, 3, 1)[index, cell_rows, cell_columns].permute(0, 3, 1, 2)
        return loss(z, gathered.pictures[index, rows, columns])

    def whole():
        index = gathered.indices(args.whole_batch)
        return loss(latents[index], gathered.pictures[index])

    keep = keeping(path, average)
    phases = [(0.4, args.window_batch, window), (1, args.whole_batch, whole)]
    train(args, "decoder", model, opts, seconds, phases, average, keep)
    keep()
    note(args, f"decoder PSNR {autoencoder_psnr(args, average.module, held):.2f} dB on {len(held)} held-out pictures")


def normalised(args, latents):
    """Latents of mean 0 and deviation 1, channel by channel; writes what these were."""
    mean, std = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    save(args.runs / "latents.pt", mean=mean.cpu(), std=std.cpu())
    note(args, f"latents' deviations {std.min().item():.2f} to {std.max().item():.2f}")
    return ((latents - mean[:, None, None]) / std[:, None, None]).half()


def train_denoiser(args, pool, latents, seconds):
    path = args.runs / "denoiser.pt"
    model = Denoiser(load_tokenizer(args.runs))
    if checkpoint := load(path):
        model.load_state_dict(checkpoint["average"])
    model = model.to(args.device, memory_format=torch.channels_last)
    average = Average(model, 0.998)
    opts = trained(args, model.named_parameters(), 0.01 if checkpoint else 0.02)
    alphas = scheduler().alphas_cumprod.to(args.device)
    ids = torch.from_numpy(pool.ids[: len(latents)].copy()).to(args.device)
    rng = Random(0)
    empty = torch.tensor([simple_ids(pool.vocabulary, empty_caption(rng)) for _ in range(4096)]).to(args.device)

    def loss():
        n = args.batch
        index = torch.randint(len(latents), (n,), device=args.device)
        words = ids[index, torch.randint(CAPTIONS, (n,), device=args.device)].long()
        blank = empty[torch.randint(len(empty), (n,), device=args.device)]
        words = torch.where(torch.rand(n, 1, device=args.device) < 0.1, blank, words)
        with rounded(args):
            return loss_of(model, latents[index].float(), words, alphas, None)

    keep = keeping(path, average)
    train(args, "denoiser", model, opts, seconds, [(1, args.batch, loss)], average, keep)
    keep()


def train_judge(args, pool, gathered, seconds):
    model = judging.Judge().to(args.device, memory_format=torch.channels_last)
    opts = trained(args, model.named_parameters(), 0.02, ("heads", "body.0.weight"))
    count = gathered.count
    with torch.no_grad():
        x = torch.cat([unit(part, judging.SIZE).half() for part in gathered.pictures[:count].split(256)])
    truth = torch.from_numpy(pool.labels[:count].astype(np.int64)).to(args.device)

    def loss():
        index = torch.randint(count, (args.judge_batch,), device=args.device)
        with rounded(args):
            answers = model(judging.blurred(x[index].float(), None))
        return sum(F.cross_entropy(answers[name].float(), truth[index, i]) for i, name in enumerate(judging.LABELS))

    train(args, "judge", model, opts, seconds, [(1, args.judge_batch, loss)])
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
    parser.add_argument("--scenes", type=int, default=60_000, help="at most; 0.8 MB of the GPU's and of other memory each")
    parser.add_argument("--stages", default="autoencoder,denoiser,judge")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--small-batch", type=int, default=48)
    parser.add_argument("--window-batch", type=int, default=24)
    parser.add_argument("--whole-batch", type=int, default=8)
    parser.add_argument("--judge-batch", type=int, default=256)
    parser.add_argument("--show", type=int, default=500, help="held-out captions to draw at the end")
    parser.add_argument("--bfloat16", action="store_true", help="on a processor that multiplies it")
    parser.add_argument("--peak", type=float, default=0.01, help="the decoder's largest rate")
    parser.add_argument("--no-graphs", dest="graphs", action="store_false", help="record no CUDA graphs")
    parser.add_argument("--every", type=float, default=10, help="seconds between two lines of the log")
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
    torch.backends.cudnn.benchmark, torch.backends.cudnn.benchmark_limit = True, 3
    held = torch.stack([torch.from_numpy(draw(scene, 512)) for scene in held_out_scenes(min(48, args.show or 48))])
    held = unit(held).to(args.device)
    gathered = Gathered(pool, args.scenes, args.device)
    pool.wait(min(1000, args.scenes // 2))
    gathered.grow()
    note(args, f"{pool.ready()} scenes drawn by {processes} processes")
    share = {"autoencoder": 0.56, "decoder": 0.2, "encoding": 0.02, "denoiser": 0.38, "judge": 0.04, "show": 0.04}
    ahead = [part for part in share if part in stages or (part == "encoding" and "denoiser" in stages) or (part == "show" and args.show)]

    def seconds(stage):
        """The stage's part of the time that is left now: what came before it may have taken longer than its own."""
        rest = ahead[ahead.index(stage) :]
        return max(1, args.seconds - (time.time() - STARTED)) * share[stage] / sum(share[part] for part in rest)

    if "autoencoder" in stages:
        train_autoencoder(args, gathered, held, seconds("autoencoder"))
    pool.wait(args.scenes)
    gathered.fill()
    pool.stop()
    if "decoder" in stages:
        train_decoder(args, gathered, held, seconds("decoder"))
    if "denoiser" in stages:
        latents = normalised(args, encode_all(args, gathered))
        train_denoiser(args, pool, latents, seconds("denoiser"))
        del latents
    if "judge" in stages:
        train_judge(args, pool, gathered, seconds("judge"))
    if args.show:
        show(args)
    note(args, "done")


if __name__ == "__main__":
    main()
