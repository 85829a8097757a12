"""Every command of docs/search-parameters.md runs against a real server and prints what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fhir_server.jobs.reindex import LEASE_SECONDS
from fhir_server.jobs.walk import BATCH
from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_every_block_shows_something, assert_prints_what_it_shows, needs_curl

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "search-parameters.md"


@needs_curl
def test_every_command_prints_what_the_page_shows(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    assert_prints_what_it_shows(PAGE, start_server, tmp_path)


def test_every_block_shows_what_it_prints() -> None:
    assert_every_block_shows_something(PAGE)


def test_the_page_tells_the_numbers_of_the_code() -> None:
    text = " ".join(PAGE.read_text(encoding="utf-8").split())
    assert f"units of {BATCH} resources" in text
    assert f"after {LEASE_SECONDS:.0f} seconds" in text
