# SPDX-License-Identifier: Apache-2.0
"""Replicate's client."""

import http.server
import io
import json
import threading

import pytest
import replicate
import requests
from PIL import Image
from replicate.exceptions import ReplicateError
from replicate.webhook import Webhooks

MODEL = "darkroom/sd2.1-txt2img"
INPUT = {"prompt": "a red boat", "num_inference_steps": 3, "width": 64, "height": 32, "seed": 5}


def client(service, key):
    return replicate.Client(api_token=key, base_url=service.url)


def test_run(service):
    output = client(service, service.key).run(MODEL, input=INPUT | {"num_outputs": 2, "output_format": "webp"})
    assert len(output) == 2
    picture = Image.open(io.BytesIO(requests.get(output[0], timeout=10).content))
    assert (picture.format, picture.size) == ("WEBP", (64, 32))


def test_run_a_version(service):
    assert len(client(service, service.key).run(f"{MODEL}:sd2.1-txt2img", input=INPUT)) == 1


def test_run_without_waiting(service):
    assert len(client(service, service.key).run(MODEL, input=INPUT, wait=False)) == 1


def test_run_from_a_file(service, photo):
    output = client(service, service.key).run(
        "darkroom/sd2.1-img2img",
        input=INPUT | {"image": io.BytesIO(photo), "prompt_strength": 0.7},
        file_encoding_strategy="base64",
    )
    assert len(output) == 1


def test_create_reload_and_list(service):
    predictions = client(service, service.key).predictions
    prediction = predictions.create(version="sd2.1-txt2img", input=INPUT)
    assert prediction.status == "starting"
    prediction.wait()
    assert prediction.status == "succeeded"
    assert prediction.input["seed"] == 5
    assert prediction.metrics["predict_time"] > 0
    assert prediction.id in [one.id for one in predictions.list()]


def test_cancel(waiting_service):
    prediction = client(waiting_service, waiting_service.key).predictions.create(version="sd2.1-txt2img", input=INPUT)
    prediction.cancel()
    assert prediction.status == "canceled"
    prediction.reload()
    assert prediction.status == "canceled"


def test_waiting_is_bounded(waiting_service):
    prediction = client(waiting_service, waiting_service.key).models.predictions.create(MODEL, input=INPUT, wait=1)
    assert prediction.status == "starting"
    prediction.cancel()


def test_models(service):
    model = client(service, service.key).models.get(MODEL)
    assert model.latest_version.id == "sd2.1-txt2img"
    fields = model.latest_version.openapi_schema["components"]["schemas"]["Input"]["properties"]
    assert fields["num_outputs"]["maximum"] == 10
    assert [version.id for version in model.versions.list()] == ["sd2.1-txt2img"]


@pytest.mark.parametrize(
    "which, status, text",
    [("wrong_key", 401, "not valid"), ("poor_key", 402, "Insufficient credits")],
)
def test_refusals(service, request, which, status, text):
    with pytest.raises(ReplicateError) as error:
        client(service, request.getfixturevalue(which)).run(MODEL, input=INPUT)
    assert error.value.status == status
    assert text in error.value.detail


def test_rate_limit(service, slow_key):
    client(service, slow_key).run(MODEL, input=INPUT)
    with pytest.raises(ReplicateError) as error:
        client(service, slow_key).run(MODEL, input=INPUT)
    assert error.value.status == 429


def test_a_wrong_field_is_named(service):
    for wrong, text in [({"width": 100}, "input.width must be"), ({"lora": "x"}, "input.lora is not a field")]:
        with pytest.raises(ReplicateError) as error:
            client(service, service.key).run(MODEL, input=INPUT | wrong)
        assert error.value.status == 422
        assert error.value.detail.startswith(text)
    with pytest.raises(ReplicateError) as error:
        client(service, service.key).run("stability-ai/sdxl", input=INPUT)
    assert error.value.status == 404


def test_a_webhook_is_sent_and_signed(service):
    received = threading.Event()
    calls = []

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["content-length"]))
            calls.append((dict(self.headers), body))
            self.send_response(204)
            self.end_headers()
            received.set()

        def log_message(self, *_):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        prediction = client(service, service.key).predictions.create(
            version="sd2.1-txt2img",
            input=INPUT,
            webhook=f"http://127.0.0.1:{server.server_port}/hook",
            webhook_events_filter=["completed"],
        )
        assert received.wait(30)
        server.shutdown()
    headers, body = calls[0]
    told = json.loads(body)
    assert (told["id"], told["status"], len(told["output"])) == (prediction.id, "succeeded", 1)
    secret = client(service, service.key).webhooks.default.secret()
    Webhooks.validate(headers=headers, body=body.decode(), secret=secret, tolerance=60)
