"""The order of the sequences of an episode: R4 to R6 of the avis du comité technique (2023)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mappings.sesame.pathway.sequence import Sequence
from mappings.sesame.policy import Policy
from mappings.sesame.rules.chain import check_order, check_renewals_kept
from tests.mappings.test_renewal import FIRST

DONE = replace(FIRST, status="completed")
SECOND = replace(FIRST, id="second", rank=2, start=date(2025, 4, 13), end=date(2025, 7, 12), previous="first")
LEGER = replace(FIRST, id="leger", track="leger", start=date(2025, 7, 1), end=date(2025, 9, 30))
REPLACES = {"replaces": [{"reference": "CarePlan/other"}]}


def told(sequence: Sequence, *siblings: Sequence, **policy: Any) -> list[str]:
    """The severities of what is told of a sequence beside the others of its episode."""
    return [issue.severity for issue in check_order(Policy(**policy), sequence, siblings)]


@pytest.mark.parametrize(
    ("sequence", "siblings", "expected"),
    [
        (FIRST, [], []),
        (SECOND, [DONE], []),
        (SECOND, [replace(DONE, status="revoked")], []),
        (SECOND, [FIRST], ["error"]),
        (SECOND, [], ["error"]),
        (replace(SECOND, previous=None), [DONE], ["error"]),
        (replace(SECOND, rank=3), [DONE], ["error"]),
        (replace(SECOND, rank=1, previous=None), [DONE], ["error"]),
        (replace(FIRST, plan=REPLACES), [], ["error"]),
        (replace(SECOND, end=date(2026, 1, 12)), [DONE], []),
        (replace(SECOND, end=date(2026, 1, 13)), [DONE], ["error"]),
        (replace(SECOND, rank=4), [replace(DONE, rank=3)], []),
        (replace(SECOND, rank=5), [replace(DONE, rank=4)], ["error"]),
        (replace(SECOND, start=date(2024, 4, 13), end=date(2024, 7, 12)), [DONE], ["error"]),
        (replace(SECOND, start=date(2024, 4, 12), end=date(2024, 7, 11)), [DONE], ["error"] * 2),
        (LEGER, [], []),
        (replace(LEGER, rank=2), [], ["error"]),
        (replace(LEGER, plan=REPLACES), [], ["error"]),
        (LEGER, [replace(LEGER, id="other")], ["error"]),
    ],
)
def test_ranks_follow_one_another(sequence: Sequence, siblings: list[Sequence], expected: list[str]) -> None:
    assert told(sequence, *siblings) == expected


@pytest.mark.parametrize(
    ("sequence", "sibling", "expected"),
    [
        (LEGER, FIRST, ["error"]),
        (FIRST, LEGER, ["error"]),
        (replace(FIRST, start=date(2025, 10, 1), end=date(2025, 12, 31)), LEGER, ["warning"]),
        (replace(LEGER, start=date(2024, 10, 1), end=date(2024, 12, 31)), FIRST, ["warning"]),
    ],
)
def test_whichever_is_written_first_the_policy_says_what_may_follow(
    sequence: Sequence, sibling: Sequence, expected: list[str]
) -> None:
    assert told(sequence, sibling) == expected
    assert told(sequence, sibling, classique_then_leger="allow", leger_then_classique="allow") == []


@pytest.mark.parametrize(("day", "expected"), [(13, []), (14, ["error"])])
def test_a_gap_begins_after_the_next_day(day: int, expected: list[str]) -> None:
    assert told(replace(SECOND, start=date(2025, 4, day)), DONE, gaps="refuse") == expected


@pytest.mark.parametrize(
    ("changes", "stays"),
    [
        ({}, True),
        ({"status": "revoked"}, True),
        ({"status": "active"}, False),
        ({"track": "leger"}, False),
        ({"episode": "another"}, False),
        ({"rank": 2}, False),
        ({"end": date(2025, 4, 13)}, False),
    ],
)
def test_what_was_renewed_stays_what_it_was(changes: dict[str, Any], stays: bool) -> None:
    after = replace(DONE, **changes)
    assert (list(check_renewals_kept(DONE, after, [SECOND])) == []) == stays
    assert list(check_renewals_kept(DONE, after, [replace(SECOND, previous="other")])) == []


def test_what_was_renewed_is_not_taken_away() -> None:
    assert len(list(check_renewals_kept(DONE, None, [SECOND]))) == 1
