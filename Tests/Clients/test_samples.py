# SPDX-License-Identifier: Apache-2.0
"""Every sample of the documentation, run as it is written but for the key, the address and the place of the database.

What follows a fence's language says how a sample is used:

    ```sh                         it is run
    ```sh server                  it is run until the server it starts takes requests
    ```sh not run: needs root     it is not, for one of the reasons below
    ```text                       it is shown, not run: a diagram, a synopsis

Samples of one document are run in its order and in one directory. Servers that they start end with the last of them.
"""

import functools
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import textwrap
import time
from typing import NamedTuple

import pytest
import requests
from conftest import DARKROOM, ROOT

sys.path.insert(0, str(ROOT / "Scripts"))

from darkroom_service import free_port  # noqa: E402  the path is set above

# Why a sample is not run here.
REASONS = {
    "builds Darkroom": "the build and the tests would run within the tests",
    "needs published weights": "Stable Diffusion's own weights are gigabytes and have their own licence",
    "needs root": "it changes the system",
    "needs a GPU": "most machines have none",
    "needs a container engine": "it fetches images",
    "needs Kubernetes": "the manifests have a test of what they name",
    "needs several machines": "the campaign that breaks them starts what it needs",
    "needs Prometheus": "it is a program of its own",
    "takes hours": "it trains",
    "takes minutes": "it measures",
    "has its own test": "another test runs it with what it needs",
}
# What programs of other languages are called here; `sh` is there on any machine that Darkroom is built on.
PROGRAMS = {"sh": "bash", "python": sys.executable, "javascript": "node", "swift": "swiftc", "json": sys.executable}
FENCE = re.compile(r"^ *```([^\n]*)\n(.*?)^ *```$", re.DOTALL | re.MULTILINE)


class Sample(NamedTuple):
    path: str
    number: int
    language: str
    use: str
    code: str

    @property
    def reason(self):
        return self.use.removeprefix("not run: ") if self.use.startswith("not run: ") else None


def documents():
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"], cwd=ROOT,
                            check=True, capture_output=True, text=True).stdout.split()
    return listed or [str(path.relative_to(ROOT)) for path in ROOT.glob("docs/*.md")]


@functools.cache
def samples():
    found = []
    for path in documents():
        for number, (info, code) in enumerate(FENCE.findall((ROOT / path).read_text()), 1):
            language, _, use = info.strip().partition(" ")
            found.append(Sample(path, number, language, use, textwrap.dedent(code)))
    return found


def runnable():
    for sample in samples():
        if sample.language != "text" and sample.reason is None:
            yield pytest.param(sample, id=f"{sample.path}-{sample.number}-{sample.language}")


class Place:
    """The directory that a document's samples are run in, and the servers that they started."""

    def __init__(self, directory, service, photo):
        self.directory, self.service = directory, service
        self.servers = []
        self.url, self.key, self.database = service.url, service.key, service.server.database
        (directory / "boat.png").write_bytes(photo)

    def code(self, text):
        """A sample with what is the test's own put in."""
        for written, here in [
            (".build/release/darkroom", DARKROOM), ("dk_…", self.key), ("http://127.0.0.1:8080", self.url),
            ("127.0.0.1:8080", self.url.removeprefix("http://")), ("0.0.0.0", "127.0.0.1"),
            ("sqlite:/var/lib/darkroom/darkroom.sqlite", self.database),
            ("/var/lib/darkroom/darkroom.sqlite", self.database.removeprefix("sqlite:")),
            ("--database …", f"--database {self.database}"),
        ]:
            text = text.replace(written, here)
        assert "…" not in text, "something is left out that a reader cannot know"
        return text

    @property
    def environment(self):
        return {
            **os.environ,
            "PATH": f"{pathlib.Path(DARKROOM).parent}:{os.environ['PATH']}",
            "XDG_STATE_HOME": str(self.directory / "state"), "XDG_DATA_HOME": str(self.directory / "data"),
            "DARKROOM_CACHE_DIRECTORY": "",
        }

    def run(self, *command, code=None):
        run = subprocess.run(command, input=code, cwd=self.directory, env=self.environment, capture_output=True, text=True,
                             timeout=240)
        assert run.returncode == 0, run.stdout + run.stderr
        return run.stdout

    def serve(self, text):
        """Runs a server until it takes requests, on a database of its own; the samples that follow use both."""
        self.database = f"sqlite:{self.directory}/darkroom.sqlite"
        code = self.code(text)
        port = free_port()
        output = self.directory / f"server-{len(self.servers)}"
        with open(output, "w") as file:
            process = subprocess.Popen(
                ["bash", "-euc", f"exec {code.strip()}"], cwd=self.directory, stdin=subprocess.DEVNULL, stdout=file,
                stderr=subprocess.STDOUT, env={**self.environment, "DARKROOM_PORT": str(port)})
        self.servers.append(process)
        end = time.monotonic() + 60
        while process.poll() is None and time.monotonic() < end:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
        assert process.poll() is None, output.read_text()
        self.url = f"http://127.0.0.1:{port}"
        assert requests.get(f"{self.url}/ready", timeout=10).status_code == 200
        while "dk_" not in output.read_text() and time.monotonic() < end:
            time.sleep(0.05)
        self.key = re.findall(r"^dk_\w+$", output.read_text(), re.MULTILINE)[0]

    def close(self):
        for process in self.servers:
            process.send_signal(signal.SIGTERM)
        for process in self.servers:
            assert process.wait(timeout=60) == 0


@pytest.fixture(scope="module")
def places(service, photo, tmp_path_factory):
    """One place for each document, made when its first sample is run."""
    made = {}

    def place(path):
        if path not in made:
            made[path] = Place(tmp_path_factory.mktemp("samples"), service, photo)
        return made[path]

    yield place
    for each in made.values():
        each.close()


@pytest.mark.parametrize("sample", list(runnable()))
def test_sample(sample, places):
    program = PROGRAMS[sample.language]
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    if sample.language == "json":
        return check_json(sample.code)
    place = places(sample.path)
    if sample.use == "server":
        return place.serve(sample.code)
    code = place.code(sample.code)
    match sample.language:
        case "sh":
            printed = place.run("bash", "-euo", "pipefail", code=code)
        case "python":
            printed = place.run(sys.executable, code=code)
        case "javascript":
            (place.directory / "sample.mjs").write_text(code)
            printed = place.run("node", "sample.mjs")
        case "swift":
            (place.directory / "sample.swift").write_text(code)
            place.run("swiftc", "sample.swift", "-o", "sample")
            printed = place.run("./sample")
    for url in re.findall(r"http://127[\w.:/]+\.(?:jpeg|png|webp)", printed):
        assert requests.get(url, timeout=10).headers["content-type"].startswith("image/")


def check_json(code):
    """An example of an answer: JSON once what is cut short is a value."""
    json.loads(re.sub(r"(?<!\")…", "null", code))


def test_every_sample_says_what_it_is():
    for sample in samples():
        where = f"{sample.path}, sample {sample.number}"
        assert sample.language in [*PROGRAMS, "text"], f"{where}: nobody knows how to run '{sample.language}'"
        assert sample.reason is None or sample.reason in REASONS, f"{where}: '{sample.reason}' is no reason"
        assert sample.reason or sample.use == "" or (sample.language, sample.use) == ("sh", "server"), where


def test_the_readme_and_the_quick_start_have_samples_that_are_run():
    run = {parameter.values[0].path for parameter in runnable()}
    assert {"README.md", "docs/quick-start.md", "docs/api.md", "docs/clients.md", "docs/operating.md"} <= run


def test_samples_that_are_not_run_are_listed(record_property):
    """Not a check: what a reader of the results must know was not run."""
    for sample in samples():
        if sample.reason:
            record_property(f"{sample.path}-{sample.number}", sample.reason)
            print(f"{sample.path}, sample {sample.number}: {sample.reason}: {REASONS[sample.reason]}")
