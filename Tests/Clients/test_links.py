# SPDX-License-Identifier: Apache-2.0
"""Links within the documentation lead to files and headings that are there."""

import re

import pytest
from conftest import ROOT
from test_samples import FENCE, documents

LINK = re.compile(r"\]\(([^)\s]+)\)")


def headings(path):
    """The anchors of a document's headings, as GitHub makes them."""
    text = FENCE.sub("", path.read_text())
    found = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("document", documents())
def test_links_lead_somewhere(document):
    path = ROOT / document
    for link in LINK.findall(FENCE.sub("", path.read_text())):
        if "://" in link:
            continue
        file, _, anchor = link.partition("#")
        target = (path.parent / file).resolve() if file else path
        assert target.exists(), f"{document}: {link}"
        assert not anchor or anchor in headings(target), f"{document}: {link}"
