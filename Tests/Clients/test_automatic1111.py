# SPDX-License-Identifier: Apache-2.0
"""The client of AUTOMATIC1111's web UI."""

import io
import threading
import time

import pytest
import webuiapi
from PIL import Image


def client(service, key):
    return webuiapi.WebUIApi(baseurl=f"{service.url}/sdapi/v1", username="anyone", password=key)


@pytest.fixture
def api(service):
    return client(service, service.key)


def test_txt2img(api):
    result = api.txt2img(
        prompt="a red boat", negative_prompt="a sail", seed=5, steps=3, cfg_scale=4, width=64, height=32, batch_size=2
    )
    assert [image.size for image in result.images] == [(64, 32)] * 2
    assert result.info["all_seeds"] == [5, 6]
    assert result.info["warnings"] == []
    assert result.parameters["sampler_name"] == "Euler a"
    assert "Steps: 3" in result.image.info["parameters"]
    again = api.txt2img(
        prompt="a red boat", negative_prompt="a sail", seed=6, steps=3, cfg_scale=4, width=64, height=32
    )
    assert again.image.tobytes() == result.images[1].tobytes()


def test_img2img(api, photo):
    pictures = [
        api.img2img(
            images=[Image.open(io.BytesIO(photo))], prompt="a red boat", seed=5, width=64, height=64,
            denoising_strength=strength,
        ).image.tobytes()
        for strength in (0.5, 0.5, 0.9)
    ]
    assert pictures[0] == pictures[1] != pictures[2]


def test_every_sampler_makes_a_picture(api):
    names = [sampler["name"] for sampler in api.get_samplers()]
    assert len(names) == 12
    made = {api.txt2img(prompt="a boat", seed=5, steps=5, width=64, height=64, sampler_name=name).image.tobytes()
            for name in names}
    assert len(made) > 8


def test_lists_and_settings(api):
    assert [scheduler["name"] for scheduler in api.get_schedulers()] == ["automatic", "karras"]
    assert api.util_get_model_names() == ["sd2.1"]
    assert api.util_get_current_model() == "sd2.1"
    assert api.get_cmd_flags() == {}
    api.util_set_model("sd2.1")


def test_what_is_not_there_is_refused(api, photo):
    picture = Image.open(io.BytesIO(photo))
    for call in [
        lambda: api.txt2img(prompt="a boat", enable_hr=True),
        lambda: api.txt2img(prompt="a boat", styles=["anime"]),
        lambda: api.txt2img(prompt="a boat", sampler_name="Best"),
        # The client keeps what it is not given, for all calls that follow.
        lambda: api.txt2img(prompt="a boat", alwayson_scripts={}, controlnet_units=[webuiapi.ControlNetUnit(image=picture)]),
        lambda: api.img2img(images=[picture], mask_image=picture, prompt="a boat"),
    ]:
        with pytest.raises(RuntimeError) as error:
            call()
        assert error.value.args[0] == 422


@pytest.mark.parametrize("which, status", [("wrong_key", 401), ("poor_key", 402)])
def test_refusals(service, request, which, status):
    with pytest.raises(RuntimeError) as error:
        client(service, request.getfixturevalue(which)).txt2img(prompt="a boat")
    assert error.value.args[0] == status


def test_rate_limit(service, slow_key):
    client(service, slow_key).txt2img(prompt="a boat", width=64, height=64, steps=2)
    with pytest.raises(RuntimeError) as error:
        client(service, slow_key).txt2img(prompt="a boat", width=64, height=64, steps=2)
    assert error.value.args[0] == 429


def test_progress_and_interrupt(waiting_service):
    api = client(waiting_service, waiting_service.key)
    outcome = []

    def make():
        try:
            outcome.append(api.txt2img(prompt="a boat"))
        except RuntimeError as error:
            outcome.append(error.args[0])

    thread = threading.Thread(target=make)
    thread.start()
    watcher = client(waiting_service, waiting_service.key)
    end = time.monotonic() + 20
    while not watcher.get_progress()["state"]["job"] and time.monotonic() < end:
        time.sleep(0.05)
    assert watcher.get_progress()["progress"] == 0
    watcher.interrupt()
    thread.join(20)
    assert outcome == [409]
    assert watcher.get_progress()["state"]["job"] == ""
