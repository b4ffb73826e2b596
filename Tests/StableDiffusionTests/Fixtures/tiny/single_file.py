# SPDX-License-Identifier: Apache-2.0
"""The names that Stability AI's original SD 2 checkpoints give to the tensors of a diffusers model.

Each network is listed as pairs of module paths, diffusers' and the original's; a tensor belongs to the longest path
that its name starts with.
"""
import torch

LEVELS = 4

RESNET = {"norm1": "in_layers.0", "conv1": "in_layers.2", "time_emb_proj": "emb_layers.1", "norm2": "out_layers.0",
          "conv2": "out_layers.3", "conv_shortcut": "skip_connection"}
ATTENTION = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
TEXT_LAYER = {"layer_norm1": "ln_1", "layer_norm2": "ln_2", "self_attn.out_proj": "attn.out_proj",
              "mlp.fc1": "mlp.c_fc", "mlp.fc2": "mlp.c_proj"}


def nested(outer, original, inner):
    return {f"{outer}.{name}": f"{original}.{to}" for name, to in inner.items()}


def unet_paths():
    paths = {"time_embedding.linear_1": "time_embed.0", "time_embedding.linear_2": "time_embed.2",
             "conv_in": "input_blocks.0.0", "conv_norm_out": "out.0", "conv_out": "out.2",
             "mid_block.attentions.0": "middle_block.1"}
    paths |= nested("mid_block.resnets.0", "middle_block.0", RESNET)
    paths |= nested("mid_block.resnets.1", "middle_block.2", RESNET)
    for level in range(LEVELS):
        for layer in range(2):
            block = f"input_blocks.{3 * level + layer + 1}"
            paths |= nested(f"down_blocks.{level}.resnets.{layer}", f"{block}.0", RESNET)
            paths[f"down_blocks.{level}.attentions.{layer}"] = f"{block}.1"
        for layer in range(3):
            block = f"output_blocks.{3 * level + layer}"
            paths |= nested(f"up_blocks.{level}.resnets.{layer}", f"{block}.0", RESNET)
            paths[f"up_blocks.{level}.attentions.{layer}"] = f"{block}.1"
        paths[f"down_blocks.{level}.downsamplers.0.conv"] = f"input_blocks.{3 * level + 3}.0.op"
        # The upsampler comes after the attention, which the lowest level does not have.
        paths[f"up_blocks.{level}.upsamplers.0.conv"] = f"output_blocks.{3 * level + 2}.{2 if level else 1}.conv"
    return paths


def autoencoder_paths():
    paths = {"quant_conv": "quant_conv", "post_quant_conv": "post_quant_conv"}
    for half, direction in (("encoder", "down"), ("decoder", "up")):
        resnets = {f"{half}.mid_block.resnets.{index}": f"{half}.mid.block_{index + 1}" for index in range(2)}
        for level in range(LEVELS):
            # The original counts levels from the largest picture in both halves.
            original = f"{half}.{direction}.{level if direction == 'down' else LEVELS - 1 - level}"
            block = f"{half}.{direction}_blocks.{level}"
            resnets |= {f"{block}.resnets.{layer}": f"{original}.block.{layer}" for layer in range(3)}
            paths[f"{block}.{direction}samplers.0.conv"] = f"{original}.{direction}sample.conv"
        for name, original in resnets.items():
            paths |= {name: original, f"{name}.conv_shortcut": f"{original}.nin_shortcut"}
        paths |= nested(f"{half}.mid_block.attentions.0", f"{half}.mid.attn_1", ATTENTION)
        paths |= {f"{half}.conv_in": f"{half}.conv_in", f"{half}.conv_norm_out": f"{half}.norm_out",
                  f"{half}.conv_out": f"{half}.conv_out"}
    return paths


def renamed(tensors, paths, prefix):
    result = {}
    for name, tensor in tensors.items():
        path = max((path for path in paths if name.startswith(path + ".")), key=len)
        result[prefix + paths[path] + name.removeprefix(path)] = tensor
    return result


def text_layer(tensors, layer, index):
    """One encoder layer; the original holds query, key and value as one matrix."""
    source, target = f"encoder.layers.{layer}", f"transformer.resblocks.{index}"
    own = {name: tensor for name, tensor in tensors.items() if name.startswith(source + ".")}
    result = {}
    for kind in ("weight", "bias"):
        parts = [own.pop(f"{source}.self_attn.{part}_proj.{kind}") for part in "qkv"]
        result[f"{target}.attn.in_proj_{kind}"] = torch.cat(parts)
    return result | renamed(own, nested(source, target, TEXT_LAYER), "")


def text_names(tensors, unused_layer):
    """OpenCLIP's text tower, with the last block, projection and scale that SD 2 carries and never uses."""
    tensors = {name.removeprefix("text_model."): tensor for name, tensor in tensors.items()}
    unused = {name.removeprefix("text_model."): tensor for name, tensor in unused_layer.items()}
    positions = tensors["embeddings.position_embedding.weight"]
    result = {"token_embedding.weight": tensors["embeddings.token_embedding.weight"],
              "positional_embedding": positions,
              "text_projection": torch.eye(positions.shape[1], dtype=positions.dtype),
              "logit_scale": torch.tensor(4.6052)}
    result |= renamed({name: tensor for name, tensor in tensors.items() if name.startswith("final_layer_norm")},
                      {"final_layer_norm": "ln_final"}, "")
    layers = 1 + max(int(name.split(".")[2]) for name in tensors if name.startswith("encoder.layers."))
    for layer in range(layers):
        result |= text_layer(tensors, layer, layer)
    return result | text_layer(unused, layers - 1, layers)


def schedule():
    """Buffers of the diffusion process that the original checkpoints carry beside the weights."""
    betas = torch.linspace(0.00085 ** 0.5, 0.012 ** 0.5, 1000, dtype=torch.float64) ** 2
    products = (1 - betas).cumprod(0)
    return {"betas": betas.float(), "alphas_cumprod": products.float(),
            "sqrt_alphas_cumprod": products.sqrt().float(),
            "sqrt_one_minus_alphas_cumprod": (1 - products).sqrt().float()}


def original_names(text_encoder, unet, vae, unused_layer):
    vae = {name: tensor[:, :, None, None] if "attentions" in name and tensor.dim() == 2 else tensor
           for name, tensor in vae.items()}  # the original's attention projections are 1x1 convolutions
    text = text_names(text_encoder, unused_layer)
    result = {"cond_stage_model.model." + name: tensor for name, tensor in text.items()}
    result |= renamed(unet, unet_paths(), "model.diffusion_model.")
    result |= renamed(vae, autoencoder_paths(), "first_stage_model.")
    return {name: tensor.contiguous() for name, tensor in (result | schedule()).items()}
