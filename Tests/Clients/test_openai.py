# SPDX-License-Identifier: Apache-2.0
"""OpenAI's client."""

import base64
import io
import time

import openai
import pytest
import requests
from PIL import Image


def client(service, key, **options):
    return openai.OpenAI(base_url=f"{service.url}/v1", api_key=key, max_retries=0, **options)


def picture(image):
    return Image.open(io.BytesIO(base64.b64decode(image.b64_json)))


def test_generate(service):
    answer = client(service, service.key).images.generate(prompt="a red boat", model="sd2.1-txt2img", size="64x32", n=2)
    assert [picture(image).size for image in answer.data] == [(64, 32)] * 2
    assert picture(answer.data[0]).format == "PNG"
    assert answer.size == "64x32"
    assert answer.output_format == "png"
    assert answer.data[1].seed == answer.data[0].seed + 1


def test_extra_fields_decide_about_the_picture(service):
    def make(**extra):
        return client(service, service.key).images.generate(prompt="a red boat", extra_body={"seed": 7, **extra})

    plain = make()
    assert plain.data[0].seed == 7
    assert make().data[0].b64_json == plain.data[0].b64_json
    for extra in [{"steps": 3}, {"negative_prompt": "a sail"}, {"guidance_scale": 2}, {"scheduler": "Euler"}]:
        assert make(**extra).data[0].b64_json != plain.data[0].b64_json


@pytest.mark.parametrize("format", ["jpeg", "webp", "png"])
def test_addresses_and_formats(service, format):
    answer = client(service, service.key).images.generate(
        prompt="a red boat", response_format="url", output_format=format, output_compression=100
    )
    file = requests.get(answer.data[0].url, timeout=10)
    assert file.headers["content-type"] == f"image/{format}"


def test_stream(service):
    # Large enough to be shown before it is finished.
    with client(service, service.key).images.generate(
        prompt="a red boat", size="256x256", stream=True, partial_images=2, extra_body={"steps": 50}
    ) as stream:
        events = list(stream)
    assert [event.type for event in events[:-1]] == ["image_generation.partial_image"] * (len(events) - 1)
    assert [event.partial_image_index for event in events[:-1]] in ([0], [0, 1])
    assert picture(events[-1]).size == (256, 256)
    assert events[-1].type == "image_generation.completed"
    assert picture(events[0]).width <= 256


def test_a_stream_without_partial_images_is_one_event(service):
    with client(service, service.key).images.generate(prompt="a red boat", stream=True) as stream:
        assert [event.type for event in stream] == ["image_generation.completed"]


def test_edit(service, photo):
    def edit(**extra):
        answer = client(service, service.key).images.edit(
            image=("photo.png", photo), prompt="a red boat", extra_body={"seed": 7, **extra}
        )
        return picture(answer.data[0]).tobytes()

    assert edit() == edit(strength=0.75) != edit(strength=0.5)


def test_a_mask_is_refused(service, photo):
    with pytest.raises(openai.BadRequestError) as error:
        client(service, service.key).images.edit(image=photo, mask=photo, prompt="a red boat")
    assert error.value.param == "mask"


def test_models(service):
    models = client(service, service.key).models
    assert [model.id for model in models.list()] == ["sd2.1-txt2img", "sd2.1-img2img"]
    assert models.retrieve("sd2.1-txt2img").owned_by == "darkroom"
    with pytest.raises(openai.NotFoundError) as error:
        models.retrieve("dall-e-3")
    assert error.value.code == "model_not_found"


@pytest.mark.parametrize(
    "fields, param",
    [
        ({"size": "100x100"}, "size"),
        ({"size": "big"}, "size"),
        ({"n": 11}, "n"),
        ({"quality": "hd"}, "quality"),
        ({"style": "vivid"}, "style"),
        ({"background": "transparent"}, "background"),
        ({"output_format": "gif"}, "output_format"),
        ({"output_compression": 50}, "output_compression"),
        ({"extra_body": {"steps": 0}}, "steps"),
        ({"extra_body": {"cfg": 7}}, "cfg"),
    ],
)
def test_a_wrong_field_is_named(service, fields, param):
    with pytest.raises(openai.BadRequestError) as error:
        client(service, service.key).images.generate(prompt="a red boat", **fields)
    assert error.value.param == param
    assert error.value.type == "invalid_request_error"
    assert param in error.value.message


def test_a_wrong_key(service, wrong_key):
    with pytest.raises(openai.AuthenticationError) as error:
        client(service, wrong_key).images.generate(prompt="a red boat")
    assert error.value.code == "invalid_api_key"


def test_no_credits(service, poor_key):
    with pytest.raises(openai.RateLimitError) as error:
        client(service, poor_key).with_options(max_retries=2).images.generate(prompt="a red boat")
    assert error.value.code == "insufficient_quota"
    assert error.value.response.headers["x-should-retry"] == "false"


def test_rate_limit(service, slow_key):
    client(service, slow_key).images.generate(prompt="a red boat")
    with pytest.raises(openai.RateLimitError) as error:
        client(service, slow_key).images.generate(prompt="a red boat")
    assert error.value.code == "rate_limit_exceeded"
    assert int(error.value.response.headers["retry-after"]) > 0


def test_a_caller_who_leaves_cancels(waiting_service):
    with pytest.raises(openai.APITimeoutError):
        client(waiting_service, waiting_service.key, timeout=0.5).images.generate(prompt="a red boat")
    headers = {"x-api-key": waiting_service.key}
    for _ in range(100):
        newest = requests.get(f"{waiting_service.url}/v1/requests?limit=1", headers=headers, timeout=10).json()
        if newest["requests"][0]["status"] == "CANCELLED":
            return
        time.sleep(0.05)
    raise AssertionError("the request goes on")
