"""The summary and the next step of an episode, at the exact bounds of days and scores."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from mappings.sesame.caseload.agenda import Thresholds, agenda
from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.episode_summary import (
    GAD7,
    PHQ9,
    EpisodeSummary,
    Trend,
    in_twelve_weeks,
    open_episodes,
    summarise,
)
from mappings.sesame.caseload.facts import Alert, Episode, Review, Score, Sequence, Team, Visit
from mappings.sesame.caseload.next_step import next_step
from mappings.sesame.policy import Policy

START = date(2025, 1, 13)
EPISODE = Episode(
    id="e",
    patient="p",
    number="1",
    status="active",
    start=START,
    end=None,
    nurse="nurse",
    site=None,
    carrier=None,
    referral=None,
    exit_reason=None,
    flagged=False,
)
SEQUENCE = Sequence("s", "e", "1", "classique", 1, START, date(2025, 4, 12), "active")
THRESHOLDS = Thresholds(not_improved_days=70, review_days=60, contact_days=28, elevated_score=10)


def on(days: int) -> date:
    """So many days after the start of care."""
    return START + timedelta(days)


def score(days: int, value: int, scale: str = PHQ9) -> Score:
    return Score(scale, on(days), days, value)


def summary(days: int, episode: Episode = EPISODE, **facts: list[Any]) -> EpisodeSummary:
    """Where an episode with these facts stands after so many days."""
    kept: dict[str, Any] = {kind: dict(enumerate(found)) for kind, found in facts.items()}
    return summarise("p", PatientFacts(**kept), episode, on(days))


def test_the_last_contact_is_one_with_the_patient() -> None:
    """A review is no contact of the patient; the assessment is one that is not counted."""
    kinds = ("initial-assessment", "nurse-contact", "case-review", "nurse-contact")
    visits = [Visit("e", kind, "AMB", on(7 * place)) for place, kind in enumerate(kinds)]
    told = [summary(days, visits=visits) for days in (6, 7, 20, 21)]
    assert [one.contacts for one in told] == [0, 1, 1, 2]
    assert [one.last_contact for one in told] == [on(0), on(7), on(7), on(21)]


def test_a_contact_that_names_no_episode_is_of_each_that_took_place_on_its_day() -> None:
    visits: dict[str, Visit] = {"v": Visit(None, "nurse-contact", "AMB", on(10))}
    episodes = (
        replace(EPISODE, id="ends", end=on(10)),
        replace(EPISODE, id="begins", start=on(10)),
        replace(EPISODE, id="later", start=on(11)),
    )
    facts = PatientFacts(episodes={one.id: one for one in episodes}, visits=visits)
    told = [summarise("p", facts, one, on(20)).contacts for one in episodes]
    assert told == [1, 1, 0]


def test_twelve_weeks_are_eighty_four_days() -> None:
    assert in_twelve_weeks([on(0), on(83), on(84)], EPISODE) == 2


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([score(14, 17)], (PHQ9, 17, 17)),
        ([score(15, 17)], None),
        ([score(-1, 20), score(0, 17), score(50, 9)], (PHQ9, 17, 9)),
        ([score(101, 4), score(100, 9), score(0, 17)], (PHQ9, 17, 9)),
        ([score(0, 12, GAD7), score(0, 17), score(50, 6, GAD7)], (PHQ9, 17, 17)),
        ([score(0, 12, GAD7), score(15, 17), score(50, 6, GAD7)], (GAD7, 12, 6)),
    ],
)
def test_a_trend_begins_with_a_score_of_the_first_two_weeks(
    scores: list[Score], expected: tuple[str, int, int] | None
) -> None:
    ended = replace(EPISODE, end=on(100))
    found = summary(200, ended, scores=scores).trend
    assert (found and (found.scale, found.baseline.value, found.current.value)) == expected


def test_who_begins_at_zero_is_not_asked_to_respond() -> None:
    trends = [Trend(PHQ9, score(0, first), score(50, 0)) for first in (0, 1)]
    assert [(one.responded, one.change_percent) for one in trends] == [(None, None), (True, -100)]


def test_a_review_counts_within_its_episode() -> None:
    ended = replace(EPISODE, end=on(100))
    reviews = [Review(on(days)) for days in (-1, 100, 101)]
    told = [summary(days, ended, reviews=reviews).last_review for days in (99, 100, 150)]
    assert told == [None, on(100), on(100)]
    assert summary(150, reviews=reviews).last_review == on(101)


@pytest.mark.parametrize(("kind", "reviewed"), [("case-review", on(5)), ("initial-assessment", None)])
def test_a_review_is_what_a_case_review_has_found(kind: str, reviewed: date | None) -> None:
    visits: dict[str, Visit] = {"v": Visit("e", kind, "AMB", on(5))}
    facts = PatientFacts(reviews={"r": Review(on(5), "v")}, visits=visits)
    assert summarise("p", facts, EPISODE, on(20)).last_review == reviewed


@pytest.mark.parametrize(
    ("alert", "days"),
    [
        (Alert(on(3), None, True), {2: False, 3: True}),
        (Alert(None, None, True), {0: True}),
        (Alert(on(3), on(5), False), {4: True, 5: False}),
        (Alert(on(3), None, False), {3: False}),
    ],
)
def test_an_alert_holds_from_its_first_day_until_it_is_lifted(alert: Alert, days: dict[int, bool]) -> None:
    assert {day: summary(day, alerts=[alert]).alert for day in days} == days


@pytest.mark.parametrize(
    ("team", "days"),
    [
        (Team(("psychiatrist",), on(3), on(5)), {2: False, 3: True, 5: True, 6: False}),
        (Team(("psychiatrist",), None, None), {0: True}),
        (Team(("another",), None, None), {0: False}),
    ],
)
def test_a_psychiatrist_sees_the_patients_of_the_team_while_it_is_one(
    team: Team, days: dict[int, bool]
) -> None:
    snapshot = Snapshot(store=None, epoch="")  # type: ignore[arg-type]
    snapshot.patients["p"] = PatientFacts(episodes={"e": EPISODE}, teams={"t": team})
    assert {day: bool(open_episodes(snapshot, on(day), None, "psychiatrist")) for day in days} == days


@pytest.mark.parametrize(
    ("days", "scores", "reasons"),
    [
        (69, [10], []),
        (70, [10], ["not-improved"]),
        (70, [9], []),
        (70, [], []),
        (70, [20, 10], []),
        (70, [20, 11], ["not-improved"]),
        (70, [12, 10], ["not-improved"]),
        (70, [12, 9], []),
    ],
)
def test_improved_is_who_has_responded_or_is_below_the_threshold(
    days: int, scores: list[int], reasons: list[str]
) -> None:
    taken = [score(place, value) for place, value in enumerate(scores)]
    trend = Trend(PHQ9, taken[0], taken[-1] if len(taken) > 1 else None) if taken else None
    seen = replace(summary(days), trend=trend, last_review=on(days), last_contact=on(days))
    assert [reason.code for item in agenda([seen], THRESHOLDS) for reason in item.reasons] == reasons


def test_a_review_and_a_contact_are_due_in_their_days() -> None:
    def reasons(reviewed: int, met: int) -> list[str]:
        seen = replace(summary(60), last_review=on(reviewed), last_contact=on(met))
        return [reason.code for item in agenda([seen], THRESHOLDS) for reason in item.reasons]

    assert [reasons(1, 33), reasons(0, 33), reasons(1, 32)] == [[], ["no-review"], ["no-contact"]]


def test_the_agenda_is_by_gravity_then_number_of_reasons_then_waiting() -> None:
    def seen(number: str, reviewed: int, met: int, alert: bool = False) -> EpisodeSummary:
        episode = replace(EPISODE, number=number)
        found = replace(summary(100, episode), alert=alert)
        return replace(found, last_review=on(reviewed), last_contact=on(met))

    summaries = [
        seen("6", 99, 99),
        seen("5", 99, 50),
        seen("4", 20, 99),
        seen("3", 20, 99),
        seen("2", 10, 99),
        seen("1", 20, 50),
        seen("0", 99, 99, alert=True),
    ]
    assert [item.summary.episode.number for item in agenda(summaries, THRESHOLDS)] == list("012345")


@pytest.mark.parametrize(
    ("track", "rank", "end", "step"),
    [
        ("classique", 3, on(27), "renew-or-exit"),
        ("classique", 4, on(27), "exit"),
        ("leger", 1, on(27), "exit"),
        ("classique", 3, on(28), "renew-or-exit"),
        ("classique", 3, on(29), "contact"),
    ],
)
def test_the_next_step_is_the_contact_unless_the_sequence_ends_first(
    track: str, rank: int, end: date, step: str
) -> None:
    sequence = replace(SEQUENCE, track=track, rank=rank, end=end)
    found = next_step(Policy(), summary(0, sequences=[sequence]))
    assert (found.code, found.due) == (step, on(28) if step == "contact" else end)


def test_the_sequence_is_the_last_that_has_begun() -> None:
    second = replace(SEQUENCE, id="s2", rank=2, start=on(90), end=on(180))
    told = [summary(days, sequences=[second, SEQUENCE]).sequence for days in (-1, 89, 90)]
    assert told == [None, SEQUENCE, second]
    assert next_step(Policy(), summary(0, sequences=[second])).code == "begin-sequence"
