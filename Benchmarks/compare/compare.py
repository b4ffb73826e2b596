#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Time Darkroom and other engines on one model in one run, round by round. README.md beside this file says how.

    compare.py --model MODEL [--openvino CACHE] [--diffusers] [--sd-cpp FILE.safetensors] [--rounds 3] [--json OUT.json]
"""
import argparse
import importlib.metadata
import importlib.util
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from report import print_report

PEERS = Path(__file__).resolve().parent / "peers"
PACKAGES = {"openvino": "openvino", "diffusers": "diffusers", "sd-cpp": "stable_diffusion_cpp"}
DISTRIBUTIONS = {"openvino": "openvino", "diffusers": "torch", "sd-cpp": "stable-diffusion-cpp-python"}


def parse():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", required=True, type=Path, help="a model in diffusers' layout")
    parser.add_argument("--darkroom", default="darkroom", help="the executable")
    parser.add_argument("--openvino", type=Path, metavar="CACHE",
                        help="compare with OpenVINO; converted networks are kept in CACHE")
    parser.add_argument("--diffusers", action="store_true", help="compare with diffusers")
    parser.add_argument("--sd-cpp", type=Path, metavar="FILE",
                        help="compare with stable-diffusion.cpp on the model as one file")
    parser.add_argument("--dtype", default="bfloat16", help="Darkroom's (default: bfloat16)")
    parser.add_argument("--peer-dtype", default="auto", choices=["auto", "bfloat16", "float32"],
                        help="auto: bfloat16 where the processor multiplies it, else float32")
    parser.add_argument("--sizes", type=int, nargs="+", default=[512, 768],
                        help="pixels; at all but the first only the peers' UNet is timed")
    parser.add_argument("--steps", type=int, default=25, help="of the whole picture")
    parser.add_argument("--picture", default="measured", choices=["measured", "computed"],
                        help="how Darkroom's whole picture is timed; the peers' is always computed from their parts")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=3, help="timed runs of each network in a round")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--prefix", default="", help="what every program is started with: 'taskset -c 0,1'")
    parser.add_argument("--json", type=Path, help="write everything that was measured")
    options = parser.parse_args()
    if min(options.rounds, options.repeats, options.threads, options.steps) < 1:
        parser.error("--rounds, --repeats, --threads and --steps must be at least 1")
    return options


def script(name):
    return PEERS / f"{name.replace('-', '_')}_peer.py"


def note(text):
    print(text, file=sys.stderr, flush=True)


class Comparison:
    def __init__(self, options):
        self.options = options
        asked = {"openvino": options.openvino, "diffusers": options.diffusers, "sd-cpp": options.sd_cpp}
        self.peers = [name for name, is_asked in asked.items() if is_asked and self.is_installed(name)]

    @staticmethod
    def is_installed(name):
        if importlib.util.find_spec(PACKAGES[name]):
            return True
        note(f"{name} is left out: the package {PACKAGES[name]} is not installed")
        return False

    def start(self, *command):
        """Runs a program to its end and gives what it prints."""
        words = shlex.split(self.options.prefix) + [str(word) for word in command]
        done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            last = (done.stderr.strip().splitlines() or [f"exit status {done.returncode}"])[-1]
            raise RuntimeError(f"{shlex.join(words)}: {last}")
        return done.stdout

    def run(self, *command):
        """Runs a program and gives the JSON object it prints, after what its libraries may have to say."""
        printed = self.start(*command)
        return json.loads(printed[printed.index("{"):])

    def darkroom(self, size, repeats):
        return self.run(*shlex.split(self.options.darkroom), "bench", "--json", "--rows", 2, "--size", size,
                        "--repeats", repeats, *self.darkroom_options())

    def picture(self):
        """Seconds of a whole picture, from prompt to pixels, and the bytes it took."""
        with tempfile.TemporaryDirectory() as folder:
            report = self.run(
                *shlex.split(self.options.darkroom), "generate", "--json", "--prompt", "a photograph of an astronaut",
                "--scheduler", "DDIM", "--steps", self.options.steps, "--seed", 1, "--width", self.options.sizes[0],
                "--height", self.options.sizes[0], "--output", Path(folder) / "picture.png", *self.darkroom_options())
        seconds = report["seconds"]
        return {"picture_s": seconds["text_encoding"] + seconds["denoising"] + seconds["decoding"],
                "picture_rss_gb": report["peak_memory_bytes"] / 1e9}

    def darkroom_options(self):
        return "--model", self.options.model, "--dtype", self.options.dtype, "--threads", self.options.threads

    def peer(self, name, size):
        models = {"openvino": self.options.openvino, "diffusers": self.options.model, "sd-cpp": self.options.sd_cpp}
        only = ["--unet-only"] if size != self.options.sizes[0] else []
        figures = self.run(
            sys.executable, script(name), models[name], "--size", size, "--dtype", self.options.peer_dtype,
            "--repeats", self.options.repeats, "--threads", self.options.threads, *only)
        # The others repeat the latents for the second prompt.
        return figures | {"guided_step_s": figures["unet_s"]}

    def computed_picture(self, figures):
        step = figures["guided_step_s"]
        return {"picture_s": figures["text_pair_s"] + self.options.steps * step + figures["vae_decode_s"]}

    def prepare(self):
        """Does what is done once on a machine: conversion, Darkroom's own cache, files into memory."""
        if "openvino" in self.peers:
            self.convert()
        for place in filter(None, [self.options.model, self.options.openvino, self.options.sd_cpp]):
            for path in [place] if place.is_file() else place.rglob("*"):
                if path.is_file():
                    with open(path, "rb") as file:
                        while file.read(1 << 24):
                            pass
        for name in self.peers:  # their libraries, too
            subprocess.run([sys.executable, script(name), "--help"], check=True, stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
        note("loading the model in Darkroom for the first time")
        return self.darkroom(64, 1)

    def convert(self):
        """Writes the networks for OpenVINO that are not there yet."""
        first, *_ = self.options.sizes
        networks = [("text", "text", first), (f"vae-{first}", "vae", first)]
        networks += [(f"unet-{size}", "unet", size) for size in self.options.sizes]
        self.options.openvino.mkdir(parents=True, exist_ok=True)
        for name, network, size in networks:
            path = self.options.openvino / f"{name}.xml"
            if path.exists():
                continue
            note(f"converting {name} for OpenVINO")
            self.start(sys.executable, PEERS / "convert_openvino.py", self.options.model, path, network, "--size", size)

    def measure(self):
        """One round: every engine once at every size."""
        figures = {name: {} for name in ["darkroom", *self.peers]}
        for size in self.options.sizes:
            note(f"  darkroom at {size}")
            figures["darkroom"][str(size)] = self.darkroom(size, self.options.repeats)
            for name in list(self.peers):
                if name == "sd-cpp" and size != self.options.sizes[0]:
                    continue
                note(f"  {name} at {size}")
                try:
                    figures[name][str(size)] = self.peer(name, size)
                except RuntimeError as error:
                    note(f"{name} is left out: {error}")
                    self.peers.remove(name)
        size = str(self.options.sizes[0])
        for name in self.peers:
            figures[name][size] |= self.computed_picture(figures[name][size])
        if self.options.picture == "measured":
            note("  darkroom, whole picture")
            figures["darkroom"][size] |= self.picture()
        else:
            figures["darkroom"][size] |= self.computed_picture(figures["darkroom"][size])
        return figures


def machine():
    processor = platform.processor()
    try:
        with open("/proc/cpuinfo") as file:
            processor = next(line.partition(":")[2].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return {"processor": processor, "processors": os.cpu_count()}


def main():
    options = parse()
    comparison = Comparison(options)
    try:
        first = comparison.prepare()
        rounds = []
        for index in range(options.rounds):
            note(f"round {index + 1} of {options.rounds}")
            rounds.append(comparison.measure())
    except RuntimeError as error:
        sys.exit(f"error: {error}")
    results = {
        "machine": machine(),
        "options": {key: str(value) if isinstance(value, Path) else value for key, value in vars(options).items()},
        "versions": {name: importlib.metadata.version(DISTRIBUTIONS[name]) for name in comparison.peers},
        "first_load": first,
        "rounds": [{name: round_[name] for name in ["darkroom", *comparison.peers]} for round_ in rounds]}
    if options.json:
        options.json.write_text(json.dumps(results, indent=2) + "\n")
    print_report(results)


if __name__ == "__main__":
    main()
