# SPDX-License-Identifier: Apache-2.0
"""What every peer measures alike: the names and meanings are those of `darkroom bench --json`."""
import argparse
import json
import os
import resource
import time


def arguments(description):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("model")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--dtype", default="auto", choices=["auto", "float32", "bfloat16"],
                        help="auto: bfloat16 where the processor multiplies it, else float32")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--unet-only", action="store_true", help="leave the decoder and the text encoder out")
    return parser


def process_age():
    """Seconds since this process was started, in steps of 10 ms."""
    with open("/proc/self/stat") as file:
        ticks = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")


def median_seconds(call, repeats):
    """The median wall time of `repeats` calls, after one that does not count."""
    call()
    times = []
    for _ in range(repeats):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return sorted(times)[len(times) // 2]


def report(**figures):
    print(json.dumps(figures | {"peak_rss_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9}))
