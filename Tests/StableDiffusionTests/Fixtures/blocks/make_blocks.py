# SPDX-License-Identifier: Apache-2.0
"""Write what goes into and comes out of the parts of the tiny model when diffusers runs it in float32.

    python make_blocks.py        (after ../tiny/make_tiny.py)

writes, beside this script, every tensor float32 in PyTorch's order (N,C,H,W or N,tokens,C) unless it says otherwise:

    text_encoder.safetensors, unet.safetensors, vae.safetensors   one row through every block, see `Recorder`
    networks.safetensors                                          whole networks, two rows, several sizes

Made with diffusers 0.42.1, transformers 5.23, torch 2.15.
"""
import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizer

here = Path(__file__).parent
model = here.parent / "tiny" / "diffusers"
torch.set_num_threads(1)
torch.set_grad_enabled(False)

PROMPTS = ["a painting of a red fox in the snow, highly detailed", "Blurry; low quality!"]

# Blocks, layers and single convolutions of each network; then the inside of one or two of them.
TEXT = r"embeddings|encoder\.layers\.\d|final_layer_norm|encoder\.layers\.0\.(layer_norm1|self_attn|layer_norm2|mlp)"
UNET = (r"time_embedding|conv_in|conv_norm_out|conv_out|mid_block|(down|up)_blocks\.\d"
        r"|(mid_block|(down|up)_blocks\.\d)\.(resnets|attentions|downsamplers|upsamplers)\.\d"
        r"|down_blocks\.1\.resnets\.0\.(norm1|conv1|time_emb_proj|norm2|conv2|conv_shortcut)"
        r"|(down_blocks\.1|mid_block)\.attentions\.0\."
        r"(norm|proj_in|proj_out|transformer_blocks\.0(\.(norm\d|attn\d|ff|ff\.net\.0))?)")
VAE = (r"quant_conv|post_quant_conv|(encoder|decoder)\.((conv_in|conv_norm_out|conv_out)|mid_block|(down|up)_blocks\.\d"
       r"|(mid_block|(down|up)_blocks\.\d)\.(resnets|attentions|downsamplers|upsamplers)\.\d"
       r"|mid_block\.attentions\.0\.(group_norm|to_q))")


def draw(*shape, seed):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


class Recorder:
    """Keeps `PATH.input` and `PATH.output` of the modules whose path matches `pattern`.

    A down block also gives `PATH.skip0` …, what it hands to the up blocks, in the order made. An up block takes
    `PATH.skip0` …, in the order used: its resnet j joins the current value and skip j.
    """

    def __init__(self, network, pattern):
        self.tensors = {}
        for path, module in network.named_modules():
            if re.fullmatch(pattern, path):
                module.register_forward_hook(self.hook(path), with_kwargs=True)

    def hook(self, path):
        def keep(module, positional, named, result):
            value = positional[0] if positional else named.get("hidden_states", named.get("input_ids"))
            if value.is_floating_point():
                self.keep(f"{path}.input", value)
            if re.fullmatch(r"down_blocks\.\d", path):
                result, skips = result
                self.keep_all(path, skips)
            elif re.fullmatch(r"up_blocks\.\d", path):
                skips = named["res_hidden_states_tuple"][-len(module.resnets):]
                self.keep_all(path, reversed(skips))
            self.keep(f"{path}.output", result[0] if isinstance(result, tuple) else getattr(result, "sample", result))
        return keep

    def keep_all(self, path, skips):
        for index, skip in enumerate(skips):
            self.keep(f"{path}.skip{index}", skip)

    def keep(self, name, value):
        self.tensors[name] = value.detach().clone().contiguous()


def text_blocks(text, ids):
    recorder = Recorder(text, TEXT)
    text(ids[:1])
    return recorder.tensors | {"ids": ids[:1].int()}


def unet_blocks(unet, context):
    """One row at 16x8, so that height and width differ and the lowest level is 2x1."""
    recorder = Recorder(unet, UNET)
    latent, timestep = draw(1, 4, 16, 8, seed=1), torch.tensor([417.25])
    unet(latent, timestep, context)
    tensors = recorder.tensors | {"latent": latent, "timestep": timestep, "context": context}

    # Samplers ask for timesteps between integers too.
    tensors["time.timestep"] = torch.tensor([0, 1, 41.625, 500, 957.375, 999])
    tensors["time.projection"] = unet.time_proj(tensors["time.timestep"])
    tensors["time.embedding"] = unet.time_embedding(tensors["time.projection"])

    # A level whose side was odd on the way down comes back to that size, which is not twice the smaller one.
    resized = draw(1, 40, 2, 3, seed=2)
    tensors["resized.input"] = resized
    tensors["resized.output"] = unet.up_blocks[0].upsamplers[0](resized, (3, 5))
    return tensors


def autoencoder_blocks(vae):
    recorder = Recorder(vae, VAE)
    image, latent = picture(16, 24), 4 * draw(1, 4, 2, 3, seed=3)
    vae.encode(image)
    vae.decode(latent)
    return recorder.tensors | {"image": image, "latent": latent}


def picture(height, width):
    """Large and small detail, in [-1, 1]."""
    smooth = torch.nn.functional.interpolate(draw(1, 3, 4, 4, seed=4), size=(height, width), mode="bicubic")
    return (0.5 * smooth + 0.1 * draw(1, 3, height, width, seed=5)).clamp(-1, 1)


def networks(text, unet, vae, ids):
    context = text(ids).last_hidden_state
    tensors = {"text.ids": ids.int(), "text.context": context, "unet.timestep": torch.tensor([958.375, 41.0])}
    for height, width in ((16, 16), (12, 20), (9, 13)):
        latent, name = draw(2, 4, height, width, seed=height), f"unet.{height}x{width}"
        tensors[f"{name}.latent"] = latent
        tensors[f"{name}.output"] = unet(latent, tensors["unet.timestep"], context).sample
    for height, width in ((8, 8), (5, 9)):
        latent, name = 4 * draw(1, 4, height, width, seed=height + 100), f"decode.{height}x{width}"
        tensors[f"{name}.latent"] = latent
        tensors[f"{name}.image"] = vae.decode(latent).sample
    for height, width in ((64, 64), (40, 72)):
        image, name = picture(height, width), f"encode.{height}x{width}"
        posterior = vae.encode(image).latent_dist
        tensors |= {f"{name}.image": image, f"{name}.mean": posterior.mean, f"{name}.logvar": posterior.logvar}
    return {name: tensor.contiguous() for name, tensor in tensors.items()}


def main():
    def load(kind, part):
        return kind.from_pretrained(model / part, dtype=torch.float32).eval()

    text, unet, vae = load(CLIPTextModel, "text_encoder"), load(UNet2DConditionModel, "unet"), load(AutoencoderKL, "vae")
    tokenizer = CLIPTokenizer.from_pretrained(model / "tokenizer")
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids

    whole = networks(text, unet, vae, ids)
    save_file(whole, here / "networks.safetensors")
    save_file(text_blocks(text, ids), here / "text_encoder.safetensors")
    save_file(unet_blocks(unet, whole["text.context"][:1]), here / "unet.safetensors")
    save_file(autoencoder_blocks(vae), here / "vae.safetensors")


if __name__ == "__main__":
    main()
