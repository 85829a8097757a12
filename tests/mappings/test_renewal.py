"""The period and the obstacles of a renewal: R3 to R6 of the avis du comité technique (2023)."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from mappings.sesame.pathway.renewal import renewal_of
from mappings.sesame.pathway.sequence import Sequence

FIRST = Sequence(
    plan={},
    id="first",
    number="1",
    track="classique",
    rank=1,
    start=date(2025, 1, 13),
    end=date(2025, 4, 12),
    status="active",
    patient="p",
    episode="e",
    previous=None,
)


class Episode:
    """Records of an episode that may be over."""

    def __init__(self, end: str | None = None) -> None:
        self._period = {"end": end} if end else {}

    def get(self, type: str, _: str) -> dict[str, Any]:
        return {"resourceType": type, "period": self._period}

    def find(self, _: object) -> tuple[dict[str, Any], ...]:
        return ()


def told(
    *others: Sequence, start: str | None = None, ended: str | None = None, **changes: Any
) -> tuple[str, str, list[str]]:
    """The first and the last day of the renewal of a first sequence, and how each obstacle begins."""
    begins = date.fromisoformat(start) if start else None
    found = renewal_of(replace(FIRST, **changes), others, Episode(ended), begins)
    texts = [" ".join(text.render("en").split()[:4]) for text in found.obstacles]
    return found.start.isoformat(), found.end.isoformat(), texts


@pytest.mark.parametrize(
    ("start", "end"),
    [
        (None, "2025-07-12"),
        ("2025-05-01", "2025-07-31"),
        ("2025-10-13", "2026-01-12"),
        ("2025-10-14", "2026-01-12"),
        ("2026-01-12", "2026-01-12"),
    ],
)
def test_it_lasts_three_months_and_ends_within_twelve(start: str | None, end: str) -> None:
    assert told(start=start) == (start or "2025-04-13", end, [])


def test_the_twelve_months_are_those_of_its_episode_and_track() -> None:
    earlier = replace(FIRST, id="earlier", start=date(2024, 7, 13), end=date(2024, 10, 12))
    assert told(earlier)[1] == "2025-07-12"
    earliest = replace(earlier, start=date(2024, 5, 13))
    assert told(earliest)[1] == "2025-05-12"
    for other in (replace(earliest, episode="another"), replace(earliest, track="leger")):
        assert told(other)[1] == "2025-07-12"


@pytest.mark.parametrize(
    ("case", "obstacles"),
    [
        ({"start": "2025-04-12"}, 1),
        ({"start": "2026-01-13"}, 1),
        ({"rank": 3}, 0),
        ({"rank": 4}, 1),
        ({"track": "leger"}, 1),
        ({"status": "completed"}, 0),
        ({"status": "draft"}, 1),
        ({"ended": "2025-04-12"}, 1),
        ({"ended": "2025-04-13"}, 0),
    ],
)
def test_what_stands_against_it_is_told(case: dict[str, Any], obstacles: int) -> None:
    assert len(told(**case)[2]) == obstacles


@pytest.mark.parametrize(
    ("start", "end", "obstacles"),
    [
        ("2025-07-12", "2025-08-01", 1),
        ("2025-07-13", "2025-08-01", 0),
        ("2025-01-01", "2025-04-13", 1),
        ("2025-01-01", "2025-04-12", 0),
    ],
)
def test_another_sequence_on_one_of_its_days_is_in_the_way(start: str, end: str, obstacles: int) -> None:
    first, last = date.fromisoformat(start), date.fromisoformat(end)
    other = replace(FIRST, id="other", episode="another", start=first, end=last)
    assert len(told(other)[2]) == obstacles


def test_it_is_renewed_once_and_by_the_next_rank() -> None:
    second = replace(
        FIRST, id="second", rank=2, previous="first", start=date(2025, 4, 13), end=date(2025, 7, 12)
    )
    (obstacle,) = told(second)[2]
    assert "renewed" in obstacle
    earlier = replace(FIRST, id="earlier", start=date(2024, 10, 13), end=date(2025, 1, 12))
    found = renewal_of(replace(FIRST, rank=2, previous="earlier"), [earlier], Episode())
    assert (found.rank, found.obstacles) == (3, ())
