# SPDX-License-Identifier: Apache-2.0
"""The hosted service's client of today, by both of its ways: one call that waits, and a request that is asked about."""

import io

import pytest
import requests
from PIL import Image
from segmind import SegmindClient
from segmind.exceptions import SegmindError

SLUG = "sd2.1-txt2img"
FIELDS = {"prompt": "a red boat", "num_inference_steps": 3, "seed": 17123564234}


def client(service, key):
    return SegmindClient(api_key=key, base_url=f"{service.url}/v1", timeout=60)


def test_run_sync_answers_with_json(service):
    answer = client(service, service.key).run_sync(SLUG, **FIELDS)
    body = answer.json()
    assert body["seed"] == FIELDS["seed"]
    picture = Image.open(io.BytesIO(requests.get(body["image"], timeout=10).content))
    assert picture.size == (64, 64)
    assert float(answer.headers["x-remaining-credits"]) < 100


def test_run_submits_and_waits(service):
    result = client(service, service.key).run(SLUG, **FIELDS, samples=2)
    assert result["status"] == "COMPLETED"
    assert [image["seed"] for image in result["images"]] == [FIELDS["seed"], FIELDS["seed"] + 1]
    assert requests.get(result["output"], timeout=10).headers["content-type"] == "image/jpeg"


def test_submit_async_tells_the_state(waiting_service):
    job = client(waiting_service, waiting_service.key).submit_async(SLUG, **FIELDS)
    assert job.status()["status"] == "QUEUED"
    requests.delete(job.response_url, headers={"x-api-key": waiting_service.key}, timeout=10).raise_for_status()
    assert job.status()["status"] == "CANCELLED"


@pytest.mark.parametrize(
    "which, status, text",
    [("wrong_key", 401, "not valid"), ("poor_key", 406, "Insufficient credits")],
)
@pytest.mark.parametrize("method", ["run_sync", "run"])
def test_refusals_are_told(service, request, which, status, text, method):
    with pytest.raises(SegmindError) as error:
        getattr(client(service, request.getfixturevalue(which)), method)(SLUG, **FIELDS)
    assert error.value.status == status
    assert text in error.value.detail


def test_rate_limit(service, slow_key):
    client(service, slow_key).run_sync(SLUG, **FIELDS)
    with pytest.raises(SegmindError) as error:
        client(service, slow_key).run_sync(SLUG, **FIELDS)
    assert error.value.status == 429


def test_a_wrong_field_is_named(service):
    with pytest.raises(SegmindError) as error:
        client(service, service.key).run_sync(SLUG, **FIELDS | {"scheduler": "Best"})
    assert error.value.status == 400
    assert error.value.detail.startswith("scheduler must be one of: DDIM")
