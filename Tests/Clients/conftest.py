# SPDX-License-Identifier: Apache-2.0
"""Servers for the tests of clients, on the small model that the engine's tests use: it makes a picture in a moment."""

import io
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Scripts"))

from darkroom_service import TINY_MODEL, Server  # noqa: E402  the path is set above

DARKROOM = os.environ["DARKROOM"]


class Service:
    """A running server, and keys to it."""

    def __init__(self, *options):
        self.server = Server(DARKROOM, "--allow-private-addresses", "--allow-http", *options, model=TINY_MODEL).start()
        self.url = f"http://127.0.0.1:{self.server.port}"
        self.key = self.server.key

    def make_key(self, account, *options):
        """A key of an account of its own, with no credits unless the options give some."""
        command = [DARKROOM, "keys", "create", "--database", self.server.database, "--account", account, *options]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def running(*options):
    service = Service(*options)
    yield service
    service.server.stop()


@pytest.fixture(scope="session")
def service():
    """A server that makes pictures."""
    yield from running()


@pytest.fixture(scope="session")
def waiting_service():
    """A server whose requests wait for a worker that never comes."""
    yield from running("--max-workers", "0")


@pytest.fixture(scope="session")
def wrong_key():
    return "dk_" + "0" * 40


@pytest.fixture(scope="session")
def poor_key(service):
    """A key without credits."""
    return service.make_key("poor")


@pytest.fixture
def slow_key(service, request):
    """A key that may send one request an hour, and has sent none."""
    name = "".join(c if c.isalnum() else "-" for c in request.node.name)[:40]
    return service.make_key(f"slow-{name}", "--credits", "1", "--rate", "1/hour")


@pytest.fixture(scope="session")
def photo():
    """A small picture to start from, as a PNG file."""
    from PIL import Image

    file = io.BytesIO()
    Image.radial_gradient("L").resize((64, 64)).convert("RGB").save(file, "PNG")
    return file.getvalue()
