"""Baseline, response and remission at their bounds."""

from datetime import date, timedelta

import pytest

from mappings.sesame.pathway.outcome import Progress, Score
from mappings.sesame.pathway.response_criteria import is_baseline, is_remission, is_response

ENROLLED = date(2025, 1, 13)


@pytest.mark.parametrize(("days", "expected"), [(0, True), (14, True), (15, False)])
def test_a_baseline_is_taken_within_fourteen_days_of_the_enrolment(days: int, expected: bool) -> None:
    assert is_baseline(ENROLLED + timedelta(days), ENROLLED) is expected


@pytest.mark.parametrize(
    ("baseline", "current", "expected"), [(20, 10, True), (20, 11, False), (17, 8, True), (17, 9, False)]
)
def test_a_response_is_a_fall_of_half_or_more(baseline: int, current: int, expected: bool) -> None:
    assert is_response(baseline, current) is expected


def test_remission_is_a_score_under_five() -> None:
    assert [is_remission(score) for score in (4, 5)] == [True, False]


@pytest.mark.parametrize(
    ("baseline", "elevated", "expected"), [(10, 10, True), (9, 10, None), (1, 0, True), (0, 0, None)]
)
def test_who_begins_low_is_not_asked_to_respond(baseline: int, elevated: int, expected: bool | None) -> None:
    first, last = (Score(str(value), value, ENROLLED, "2025-01-13") for value in (baseline, 0))
    assert Progress(first, last).is_response(elevated) is expected
