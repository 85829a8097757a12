"""Every command of docs/terminology.md runs against a real server and prints what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fhir_server.codes.remote import FAILURES_MAX
from fhir_server.codes.terminology import EXPANSION_MAX
from fhir_server.operations.terminology.expand import EXPAND_PARAMETERS
from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_every_block_shows_something, assert_prints_what_it_shows, needs_curl

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "terminology.md"
TOLD_ELSEWHERE = {"url", "valueSet", "valueSetVersion", "cache-id", "diagnostics", "excludePostCoordinated"}


@needs_curl
def test_every_command_prints_what_the_page_shows(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    assert_prints_what_it_shows(PAGE, start_server, tmp_path)


def test_every_block_shows_what_it_prints() -> None:
    assert_every_block_shows_something(PAGE)


def test_the_page_tells_the_numbers_and_the_parameters_of_the_code() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert f"More than {EXPANSION_MAX:,} codes" in text
    assert FAILURES_MAX == 3
    assert "after three failures in a row" in text
    for name in EXPAND_PARAMETERS.keys() - TOLD_ELSEWHERE:
        assert f"`{name}`" in text
