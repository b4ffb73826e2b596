# SPDX-License-Identifier: Apache-2.0
"""Time stable-diffusion.cpp on the processor, on a single-file model, from the moments at which it reports its steps.

A step evaluates the prompt and the negative prompt, as the other engines do in two rows. `--repeats` steps are timed.
"""
import time

from stable_diffusion_cpp import StableDiffusion
from timing import arguments, process_age, report

options = arguments(__doc__).parse_args()
start = time.perf_counter()
model = StableDiffusion(model_path=options.model, vae_decode_only=True, n_threads=options.threads, verbose=False)
load = time.perf_counter() - start

moments = {}  # of each step's end


def progress(step, steps, seconds):
    moments[step] = time.perf_counter()


age, start = process_age(), time.perf_counter()
model.generate_image(
    prompt="a photograph of an astronaut riding a horse", negative_prompt="blurry", cfg_scale=7.5, width=options.size,
    height=options.size, sample_steps=options.repeats + 1, sample_method="euler", seed=0, progress_callback=progress)
end = time.perf_counter()
steps = sorted(moments[step + 1] - moments[step] for step in range(1, options.repeats + 1))
unet = steps[len(steps) // 2]
text = moments[1] - unet - start
report(dtype="float16", load_s=load, first_forward_s=age + text, unet_s=unet, text_pair_s=text,
       vae_decode_s=end - moments[options.repeats + 1])
