# SPDX-License-Identifier: Apache-2.0
"""The hosted service's client of 2023, which sends numbers as text and needs the picture itself."""

import pytest
from conftest import running
from segmind import SD2_1


@pytest.fixture(scope="session")
def service():
    yield from running("--response-mode", "image")


def model(service, key):
    model = SD2_1(key)
    model.url = f"{service.url}/v1/sd2.1-txt2img"
    return model


def test_makes_a_picture(service, capsys):
    picture = model(service, service.key).generate("a red boat")
    assert picture.format == "JPEG"
    assert picture.size == (64, 64)
    assert "credits remaining" in capsys.readouterr().out


def test_the_seed_decides(service):
    pictures = [
        model(service, service.key).generate("a red boat", seed=seed, num_inference_steps=4, scheduler="Euler a")
        for seed in (5, 5, 6)
    ]
    data = [picture.tobytes() for picture in pictures]
    assert data[0] == data[1] != data[2]


@pytest.mark.parametrize("which, status", [("wrong_key", 401), ("poor_key", 406)])
def test_refusals_carry_the_documented_status(service, request, which, status):
    with pytest.raises(Exception, match=f"Error: {status}"):
        model(service, request.getfixturevalue(which)).generate("a red boat")


def test_rate_limit(service, slow_key):
    model(service, slow_key).generate("a red boat", num_inference_steps=2)
    with pytest.raises(Exception, match="Error: 429"):
        model(service, slow_key).generate("a red boat", num_inference_steps=2)
