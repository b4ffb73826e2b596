# SPDX-License-Identifier: Apache-2.0
"""Time OpenVINO on the processor, on networks that convert_openvino.py wrote to MODEL."""
import time
from pathlib import Path

import numpy
import openvino
from timing import arguments, median_seconds, process_age, report

HINTS = {"bfloat16": openvino.Type.bf16, "float32": openvino.Type.f32}

options = arguments(__doc__).parse_args()
core = openvino.Core()
if options.dtype == "auto":
    capable = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    options.dtype = "bfloat16" if capable else "float32"


def compile_network(name):
    return core.compile_model(Path(options.model) / f"{name}.xml", "CPU", {
        "INFERENCE_PRECISION_HINT": HINTS[options.dtype], "PERFORMANCE_HINT": "LATENCY",
        "INFERENCE_NUM_THREADS": options.threads})


def random_input(port):
    shape = tuple(port.shape)
    if port.element_type.is_integral():
        return numpy.random.randint(0, 49408, shape)
    return numpy.random.standard_normal(shape).astype("float32")


def seconds(network, inputs):
    request = network.create_infer_request()
    return median_seconds(lambda: request.infer(inputs), options.repeats)


start = time.perf_counter()
unet = compile_network(f"unet-{options.size}")
if not options.unet_only:
    vae, text = compile_network(f"vae-{options.size}"), compile_network("text")
load = time.perf_counter() - start
# float32 where the processor lacks what was asked for
used = next(name for name, hint in HINTS.items() if hint == unet.get_property("INFERENCE_PRECISION_HINT"))
figures = {"dtype": used, "load_s": load}
inputs = [random_input(port) for port in unet.inputs]
inputs[1] = numpy.array(500, "float32")
figures["first_forward_s"] = process_age()
figures["unet_s"] = seconds(unet, inputs)
if not options.unet_only:
    figures["vae_decode_s"] = seconds(vae, [random_input(port) for port in vae.inputs])
    figures["text_pair_s"] = seconds(text, [random_input(port) for port in text.inputs])
report(**figures)
