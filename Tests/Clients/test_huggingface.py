# SPDX-License-Identifier: Apache-2.0
"""Hugging Face's client."""

import pytest
from huggingface_hub import InferenceClient
from huggingface_hub.errors import HfHubHTTPError


def client(service, key, task="sd2.1"):
    return InferenceClient(model=f"{service.url}/hf/{task}", token=key)


def test_text_to_image(service):
    picture = client(service, service.key).text_to_image("a red boat", width=64, height=32, seed=5)
    assert picture.size == (64, 32)
    assert picture.format == "PNG"


def test_parameters_decide_about_the_picture(service):
    def make(**parameters):
        return client(service, service.key).text_to_image("a red boat", seed=5, **parameters).tobytes()

    plain = make()
    assert make() == plain
    for parameters in [
        {"negative_prompt": "a sail"}, {"num_inference_steps": 3}, {"guidance_scale": 2.0}, {"scheduler": "PNDMScheduler"},
    ]:
        assert make(**parameters) != plain


def test_image_to_image(service, photo):
    picture = client(service, service.key, "sd2.1-img2img").image_to_image(
        photo, prompt="a red boat", num_inference_steps=4, strength=0.5, seed=5
    )
    assert picture.size == (64, 64)


@pytest.mark.parametrize(
    "which, status, text",
    [("wrong_key", 401, "not valid"), ("poor_key", 402, "Insufficient credits")],
)
def test_refusals(service, request, which, status, text):
    with pytest.raises(HfHubHTTPError) as error:
        client(service, request.getfixturevalue(which)).text_to_image("a red boat")
    assert error.value.response.status_code == status
    assert text in str(error.value)


def test_rate_limit(service, slow_key):
    client(service, slow_key).text_to_image("a red boat")
    with pytest.raises(HfHubHTTPError) as error:
        client(service, slow_key).text_to_image("a red boat")
    assert error.value.response.status_code == 429


def test_a_wrong_parameter_is_named(service):
    with pytest.raises(HfHubHTTPError) as error:
        client(service, service.key).text_to_image("a red boat", width=100)
    assert "parameters.width must be a multiple of 8" in str(error.value)
    with pytest.raises(HfHubHTTPError) as error:
        client(service, service.key).text_to_image("a red boat", extra_body={"clip_skip": 2})
    assert "parameters.clip_skip is not a field" in str(error.value)
