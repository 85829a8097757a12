"""Every command of docs/billing.md runs against a real server and prints what the page shows."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_every_block_shows_something, assert_prints_what_it_shows, needs_curl

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "billing.md"


@needs_curl
def test_every_command_prints_what_the_page_shows(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    assert_prints_what_it_shows(PAGE, start_server, tmp_path)


def test_every_block_shows_what_it_prints() -> None:
    assert_every_block_shows_something(PAGE)
