"""Every command of docs/steering.md runs against a real server and prints what the page shows."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from fhir_server.core import json
from mappings.sesame.caseload.agenda import GRAVITY
from mappings.sesame.measures.indicators import INDICATORS
from mappings.sesame.operations.case_review_list import THRESHOLDS
from mappings.sesame.operations.lines import PARTS
from mappings.sesame.policy import Policy
from tests.e2e.conftest import RunningServer
from tests.e2e.pages import ROOT, assert_every_block_shows_something, assert_prints_what_it_shows, needs_curl

pytestmark = pytest.mark.e2e

PAGE = ROOT / "docs" / "steering.md"


@needs_curl
def test_every_command_prints_what_the_page_shows(
    start_server: Callable[..., RunningServer], tmp_path: Path
) -> None:
    key, options = tmp_path / "evaluation.key", tmp_path / "options.json"
    key.write_text("a key of the tests, of more than thirty-two bytes")
    options.write_bytes(json.serialise({"sesame": {"evaluation_key_file": str(key)}}))
    folder = tmp_path / "commands"
    folder.mkdir()
    keyed = partial(start_server, programme_options=str(options))
    assert_prints_what_it_shows(PAGE, keyed, folder)


def test_every_block_shows_what_it_prints() -> None:
    assert_every_block_shows_something(PAGE)


def test_the_page_tells_every_part_reason_threshold_and_measure() -> None:
    text = PAGE.read_text(encoding="utf-8")
    parts = [name for name, _ in PARTS.values()]
    for name in (*parts, *GRAVITY, *THRESHOLDS, *INDICATORS):
        assert f"`{name}`" in text, name


def test_the_page_tells_the_defaults_of_the_switches() -> None:
    text, policy = PAGE.read_text(encoding="utf-8"), Policy()
    assert f"after {policy.not_improved_days} days in care, a baseline of {policy.elevated_score}" in text
    assert f"recommendation for {policy.review_days} days" in text
    assert f"no contact with the patient for {policy.contact_days} days" in text
