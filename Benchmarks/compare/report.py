# SPDX-License-Identifier: Apache-2.0
"""Prints what compare.py measured, as Markdown tables.

    report.py RESULTS.json
"""
import json
import sys
from statistics import median

NAMES = {"darkroom": "Darkroom", "openvino": "OpenVINO", "diffusers": "diffusers", "sd-cpp": "stable-diffusion.cpp"}


class Results:
    def __init__(self, results):
        self.rounds = results["rounds"]

    def values(self, engine, size, key):
        """One number a round, or nothing if the engine has no such number."""
        found = [round_[engine].get(str(size), {}).get(key) for round_ in self.rounds]
        return [] if None in found else found

    def ratio(self, mine, theirs):
        return median(a / b for a, b in zip(mine, theirs)) if mine and theirs else None

    def at_peak(self, size, network):
        """Seconds that the products of a network would take at the peak measured around it, as direct ones."""
        runs = [round_["darkroom"][str(size)] for round_ in self.rounds]
        return [sum(kind["gflop"] for kind in run["breakdown"][network].values())
                / max(run["peak_gflops_before"], run["peak_gflops_after"]) for run in runs]


def row(cells):
    print("| " + " | ".join(cells) + " |")


def number(value):
    return "" if value is None else f"{value:.2f}" if value < 100 else f"{value:.0f}"


def print_report(results):
    options, data = results["options"], Results(results)
    sizes, peers = options["sizes"], [name for name in data.rounds[0] if name != "darkroom"]
    first, small = data.rounds[0]["darkroom"][str(sizes[0])], sizes[0]
    peaks = [run["darkroom"][str(size)][key] for run in data.rounds for size in sizes
             for key in ("peak_gflops_before", "peak_gflops_after")]
    print(f"{results['machine']['processor']}, {options['threads']} threads. Medians of {options['rounds']} rounds; "
          f"in each, of {options['repeats']} runs.")
    print(f"Peak of the multiply-adds, before and after each of Darkroom's runs: {min(peaks):.0f} to {max(peaks):.0f} "
          f"GFLOP/s, median {median(peaks):.0f}.")
    print(f"Darkroom: {first['dtype']}, {first['kernels']}.", *(
        f"{NAMES[name]}: {data.rounds[0][name][str(small)]['dtype']}, {results['versions'][name]}." for name in peers))
    print("Ratios are Darkroom's seconds by the other's, the median of the rounds' ratios.\n")

    how = "measured" if options["picture"] == "measured" else "computed"
    lines = [(f"UNet, 2 rows, {size}x{size} (s)", size, "unet_s", "unet") for size in sizes] + [
        (f"step with guidance, {size}x{size} (s)", size, "guided_step_s", None) for size in sizes] + [
        (f"decoder, {small}x{small} (s)", small, "vae_decode_s", "decoder"),
        ("two prompts (s)", small, "text_pair_s", None),
        ("load (s)", small, "load_s", None),
        ("process start to first evaluation (s)", small, "first_forward_s", None),
        (f"picture, {options['steps']} steps of DDIM, {small}x{small} (s)*", small, "picture_s", None),
        (f"peak memory, {small}x{small} (GB)", small, "peak_rss_gb", None)]
    others = [*(NAMES[name] for name in peers), "direct, at the peak"]
    row(["", "Darkroom", *(cell for name in others for cell in (name, "ratio"))])
    row(["---"] * (4 + 2 * len(peers)))
    for label, size, key, network in lines:
        mine = data.values("darkroom", size, key)
        cells = [label, number(median(mine))]
        at_peak = data.at_peak(size, network) if network else []
        for other in [*(data.values(name, size, key) for name in peers), at_peak]:
            cells += [number(median(other) if other else None), number(data.ratio(mine, other))]
        row(cells)
    print(f"\n\\* Darkroom's is {how}, the others' computed: two prompts + {options['steps']} steps + decoder.")
    memory = [f"{number(median(data.values('darkroom', size, 'peak_rss_gb')))} GB at {size}" for size in sizes]
    picture = data.values("darkroom", small, "picture_rss_gb")
    memory += [f"{number(median(picture))} GB of the picture"] if picture else []
    print(f"Darkroom's peak memory: {', '.join(memory)}.")
    print(f"Darkroom's first load on this machine: {number(results['first_load']['load_s'])} s.")
    for size in sizes:
        for network, title in (("unet", "UNet, 2 rows"), ("decoder", "decoder")):
            runs = [round_["darkroom"][str(size)]["breakdown"][network] for round_ in data.rounds]
            print_breakdown(f"{title}, {size}x{size}", runs)


def print_breakdown(title, breakdowns):
    print()
    row([title, "s", "GFLOP", "GFLOP/s", "% of peak"])
    row(["---"] * 5)
    for kind in breakdowns[0]:
        figures = {key: median(breakdown[kind][key] for breakdown in breakdowns) for key in breakdowns[0][kind]}
        row([kind, f"{figures['seconds']:.3f}", f"{figures['gflop']:.1f}", f"{figures['gflop_per_s']:.0f}",
             f"{figures['percent_of_peak']:.0f}"])


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        print_report(json.load(file))
