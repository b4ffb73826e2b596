# SPDX-License-Identifier: Apache-2.0
"""Convert one network of a model to OpenVINO, with fixed shapes and float16 weights: its fastest form.

    convert_openvino.py MODEL OUT.xml unet|vae|text --size 512
"""
import argparse

import openvino
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextModel


class Network(torch.nn.Module):
    """A network as a function of tensors that gives one tensor."""

    def __init__(self, model, call):
        super().__init__()
        self.model, self.call = model, call

    def forward(self, *inputs):
        return self.call(self.model, *inputs)


def load(kind, model, folder):
    return kind.from_pretrained(model, subfolder=folder, torch_dtype=torch.float32).eval()


def unet(model, side):
    network = load(UNet2DConditionModel, model, "unet")
    inputs = torch.randn(2, 4, side, side), torch.tensor(500.0), torch.randn(2, 77, network.config.cross_attention_dim)
    return Network(network, lambda network, *x: network(*x, return_dict=False)[0]), inputs


def vae(model, side):
    network = load(AutoencoderKL, model, "vae")
    inputs = (torch.randn(1, 4, side, side),)
    return Network(network, lambda network, x: network.decode(x, return_dict=False)[0]), inputs


def text(model, side):
    network = load(CLIPTextModel, model, "text_encoder")
    return Network(network, lambda network, x: network(x, return_dict=False)[0]), (torch.randint(0, 1000, (2, 77)),)


parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
parser.add_argument("model")
parser.add_argument("out")
parser.add_argument("network", choices=["unet", "vae", "text"])
parser.add_argument("--size", type=int, default=512)
options = parser.parse_args()
with torch.inference_mode():
    network, inputs = {"unet": unet, "vae": vae, "text": text}[options.network](options.model, options.size // 8)
    graph = openvino.convert_model(network, example_input=inputs, input=[tuple(x.shape) for x in inputs])
    openvino.save_model(graph, options.out, compress_to_fp16=True)
