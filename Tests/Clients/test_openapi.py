# SPDX-License-Identifier: Apache-2.0
"""The description of the interface, held against what the server does."""

import base64
import uuid

import pytest
import requests
import schemathesis
from conftest import running
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from schemathesis import Case

NUMBERS = {"samples", "num_inference_steps", "guidance_scale", "strength", "seed", "img_width", "img_height", "quality"}
# What is described of other services' interfaces is theirs to define.
OWN = "^(Pictures|Requests|Account|Server|Operators)$"
EXAMPLES = 10
# What frames a message: with other values it is not HTTP, and nobody has read a request that could be answered.
FRAMING = {"transfer-encoding", "content-length"}
WEBHOOK = "https://example.invalid/hook"


@pytest.fixture(scope="session")
def small_service():
    """A server whose largest request is small: the description says its limits."""
    yield from running("--max-side", "16", "--max-steps", "25", "--max-samples", "2")


@pytest.fixture(scope="session")
def admin_key(small_service):
    """A key for everything that is described."""
    return small_service.make_key("default", "--scopes", "generate,read,admin")


@pytest.fixture(scope="session")
def picture(photo):
    return base64.b64encode(photo).decode()


@pytest.fixture
def description(small_service, picture):
    schemathesis.openapi.format("picture", st.sampled_from([picture, f"data:image/png;base64,{picture}"]))
    schemathesis.openapi.format("https-url", st.just(WEBHOOK))
    return schemathesis.openapi.from_url(f"{small_service.url}/openapi.json")


schema = schemathesis.pytest.from_fixture("description")


def reads_as_number_or_boolean(value):
    if not isinstance(value, str):
        return False
    if value.strip().lower() in ("true", "false"):
        return True
    try:
        float(value)
        return True
    except ValueError:
        return False


@schema.include(tag_regex=OWN).parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
def test_the_server_does_what_the_description_says(case: Case, admin_key, picture):
    if isinstance(case.body, dict):
        # What is understood beyond the description: text that is a number or a boolean.
        for name in NUMBERS | {"base64"}:
            if reads_as_number_or_boolean(case.body.get(name)):
                return
    if isinstance(case.body, dict) and case.meta.generation.mode.is_positive:
        # What a schema cannot say: pictures can be decoded, addresses called, and the last `strength` of the steps is one.
        for name, valid in [("image", picture), ("webhook", WEBHOOK), ("strength", 1)]:
            if case.body.get(name) is not None:
                case.body[name] = valid
        # Nor that credits have six decimals at most, and that a period is one of a limit.
        for name in ("amount", "spend_limit"):
            if case.body.get(name) is not None:
                case.body[name] = round(case.body[name], 6) or 1
        if case.body.get("spend_limit") is None:
            case.body.pop("spend_period", None)
    for name in [name for name in case.headers or {} if name.lower() in FRAMING]:
        del case.headers[name]
    if "Idempotency-Key" in (case.headers or {}):
        # The same key with other fields is refused.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    case.call_and_validate(headers={"x-api-key": admin_key})


def test_the_limits_are_those_of_the_server(small_service):
    fields = requests.get(f"{small_service.url}/openapi.json", timeout=10).json()["components"]["schemas"]["TextToImage"]
    assert fields["properties"]["img_width"]["maximum"] == 16
    assert fields["properties"]["num_inference_steps"]["maximum"] == 25
    assert fields["properties"]["samples"]["maximum"] == 2
