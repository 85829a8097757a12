"""Every command of docs/validation.md runs against a real server and prints what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fhir_server.cli.validate import REPORTS
from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_every_block_shows_something, assert_prints_what_it_shows, needs_curl

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "validation.md"


@needs_curl
def test_every_command_prints_what_the_page_shows(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    assert_prints_what_it_shows(PAGE, start_server, tmp_path)


def test_every_block_shows_what_it_prints() -> None:
    assert_every_block_shows_something(PAGE)


def test_every_format_is_named() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert all(f"`{name.value}`" in text for name in REPORTS)
