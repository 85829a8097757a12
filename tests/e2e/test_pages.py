"""Every command of the documentation runs against a real server and prints what its page shows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fhir_server.core import json
from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_prints_what_it_shows, blocks, needs_curl

pytestmark = pytest.mark.e2e

WITH_COMMANDS = [
    pytest.param(page, id=page.stem)
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
    if "```sh\n" in page.read_text(encoding="utf-8")
]
KEYED = ("steering",)
"""Pages that start their server with a key for the pseudonyms of the evaluation."""


@needs_curl
@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_every_command_prints_what_the_page_shows(
    page: Path, start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    settings = keyed(tmp_path) if page.stem in KEYED else {}
    assert_prints_what_it_shows(page, start_server(**settings), tmp_path)


def keyed(folder: Path) -> dict[str, Any]:
    key, options = folder / "evaluation.key", folder / "options.json"
    key.write_text("a key of the tests, of more than thirty-two bytes")
    options.write_bytes(json.serialise({"sesame": {"evaluation_key_file": str(key)}}))
    return {"programme_options": str(options)}


@pytest.mark.parametrize("page", WITH_COMMANDS)
def test_no_command_stands_without_what_it_prints(page: Path) -> None:
    assert len(blocks(page)) == page.read_text(encoding="utf-8").count("```sh\n")
    assert all(shown for _, shown in blocks(page))


def test_there_are_pages_with_commands() -> None:
    assert len(WITH_COMMANDS) > 5
