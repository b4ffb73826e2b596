# SPDX-License-Identifier: Apache-2.0
"""The Python of the documentation, run as it is written but for the key and the port."""

import re
import subprocess
import sys

import pytest
import requests
from conftest import ROOT


def samples():
    for path in ["README.md", "docs/api.md", "docs/clients.md"]:
        for number, code in enumerate(re.findall(r"```python\n(.*?)```", (ROOT / path).read_text(), re.DOTALL), 1):
            # Those of the clients that have environments of their own are run by their tests.
            if "import segmind" not in code and "from segmind" not in code:
                yield pytest.param(code, id=f"{path}-{number}")


@pytest.mark.parametrize("code", list(samples()))
def test_sample(service, code, tmp_path, photo):
    (tmp_path / "boat.png").write_bytes(photo)
    code = code.replace("dk_…", service.key).replace("http://127.0.0.1:8080", service.url)
    run = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    for url in re.findall(r"http://127\S+\.(?:jpeg|png|webp)", run.stdout):
        assert requests.get(url, timeout=10).headers["content-type"].startswith("image/")


def test_there_is_a_sample_in_the_readme():
    assert any(parameter.id.startswith("README.md") for parameter in samples())
