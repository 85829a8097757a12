"""The switches: their defaults, invalid values, and that the documentation lists each."""

from dataclasses import fields
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mappings.sesame.policy import Policy

PAGE = Path(__file__).parents[2] / "docs" / "pathway.md"


def test_options_are_taken_and_the_others_stay_as_they_are() -> None:
    policy = Policy.of({"claim_at": "end", "minimum_contacts": 4, "window_end": "2026-08-31"})
    assert (policy.claim_at, policy.minimum_contacts) == ("end", 4)
    assert policy.window_end == date(2026, 8, 31)
    assert policy.gaps == Policy().gaps


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"claims_at": "end"}, "no option 'claims_at'"),
        ({"claim_at": "middle"}, "one of start, end"),
        ({"minimum_contacts": -1}, "a number from 0"),
        ({"minimum_contacts": True}, "a number from 0"),
        ({"minimum_contacts": "4"}, "a number from 0"),
        ({"gaps": None}, "one of allow, warn, refuse"),
        ({"window_start": "2023"}, "a date such as"),
        ({"window_start": 2023}, "a date such as"),
    ],
)
def test_what_is_no_option_is_told(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Policy.of(options)


def test_every_switch_is_documented_with_its_default() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for field in fields(Policy):
        shown = "none" if field.default is None else f"`{field.default}`"
        assert f"| `{field.name}` | {shown} |" in text
