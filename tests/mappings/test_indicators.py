"""The indicators at their bounds, and for an episode without other facts."""

from dataclasses import replace
from typing import Any

import pytest

from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.episode_summary import GAD7, PHQ9
from mappings.sesame.caseload.facts import Answers, Episode, Referral, Visit
from mappings.sesame.measures.indicators import INDICATORS, Group
from mappings.sesame.measures.scope import Scope
from tests.mappings.test_caseload import EPISODE, SEQUENCE, on, score

SCOPE = Scope(on(0), on(365))


def groups(measure: str, scope: Scope = SCOPE, episode: Episode = EPISODE, **facts: list[Any]) -> list[Group]:
    """An indicator, counted of one episode with these facts."""
    snapshot = Snapshot(store=None, epoch="")  # type: ignore[arg-type]
    kept: dict[str, Any] = {kind: {str(at): one for at, one in enumerate(all)} for kind, all in facts.items()}
    snapshot.patients["p"] = PatientFacts(episodes={"e": episode}, **kept)
    return INDICATORS[measure](snapshot, scope)


@pytest.mark.parametrize("facts", [{}, {"visits": [Visit("e", "initial-assessment", "AMB", on(0))]}])
@pytest.mark.parametrize("measure", INDICATORS)
def test_an_episode_that_has_only_begun_is_counted(measure: str, facts: dict[str, Any]) -> None:
    for group in groups(measure, **facts):
        assert group.score in (None, 0)
        assert not group.populations.get("numerator")


def test_a_caseload_is_counted_by_nurse() -> None:
    for nurse, name in (("n", "PractitionerRole/n"), (None, "-")):
        (group,) = groups("file-active", episode=replace(EPISODE, nurse=nurse))
        assert group.strata == {name: 1}


def test_the_wait_is_since_the_referral_of_the_episode() -> None:
    earlier, own = (Referral(id, id, "completed", on(day), None, None) for id, day in (("a", -90), ("b", -7)))
    visits = [Visit("e", kind, "AMB", on(day)) for kind, day in (("case-review", -1), ("nurse-contact", 2))]
    asked: dict[str, Any] = {"referrals": [earlier, own], "visits": visits, "sequences": [SEQUENCE]}
    for measure, days in (("delai-premier-contact", 9), ("delai-premiere-sequence", 7)):
        (group,) = groups(measure, episode=replace(EPISODE, referral="b"), **asked)
        assert group.score == days


def test_four_contacts_in_the_first_twelve_weeks_are_enough() -> None:
    for days, reached in (((1, 2, 3), 0), ((1, 2, 3, 83), 1), ((1, 2, 3, 84), 0)):
        visits = [Visit("e", "nurse-contact", "AMB", on(day)) for day in days]
        (group,) = groups("quatre-contacts", visits=visits)
        assert len(group.populations["numerator"]) == reached


def test_who_has_not_responded_should_have_been_reviewed() -> None:
    for value, judged in ((8, 0), (9, 1)):
        (group,) = groups("revue-de-cas", scores=[score(0, 17), score(50, value)])
        assert len(group.populations["denominator"]) == judged


@pytest.mark.parametrize(
    ("status", "accepted", "refused"),
    [("in-progress", 1, 0), ("completed", 1, 0), ("rejected", 0, 1), ("requested", 0, 0), ("accepted", 0, 0)],
)
def test_a_referral_is_accepted_once_care_has_begun(status: str, accepted: int, refused: int) -> None:
    referral = Referral("t", "r", status, on(0), None, None)
    for measure, expected in (("acceptation", accepted), ("refus", refused)):
        (group,) = groups(measure, referrals=[referral])
        assert [len(found) for found in group.populations.values()] == [1, 1, expected]


def test_both_days_of_a_period_are_in_it() -> None:
    ended = replace(EPISODE, end=on(100), exit_reason="lost-to-follow-up")
    for first, last, counted in ((0, 0, 1), (1, 99, 0), (100, 101, 1), (-1, -1, 0)):
        scope = Scope(on(first), on(last))
        (lost,) = groups("perdus-de-vue", scope, ended)
        (seen,) = groups("contacts", scope, ended)
        found = len(lost.populations["numerator"]) + len(seen.populations["initial-population"])
        assert found == counted


@pytest.mark.parametrize(("scale", "counted"), [(PHQ9, 1), (GAD7, 0)])
def test_the_mean_of_the_phq9_is_of_the_phq9(scale: str, counted: int) -> None:
    for group in groups("phq9", scores=[score(0, 17, scale), score(50, 4, scale)]):
        assert len(group.populations["measure-population"]) == counted


def test_inclusion_is_by_the_first_sequence_and_on_its_day() -> None:
    first = replace(SEQUENCE, id="s1", track="leger", start=on(10))
    second = replace(SEQUENCE, id="s2", start=on(100))
    for scope, counted in ((Scope(on(10), on(10)), [0, 1]), (Scope(on(11), on(200)), [0, 0])):
        found = groups("inclusions", scope, sequences=[second, first])
        assert [len(group.populations["initial-population"]) for group in found] == counted


def test_a_sequence_counts_in_the_period_of_its_first_day() -> None:
    for scope, counted in ((Scope(on(0), on(0)), 1), (Scope(on(1), on(89)), 0)):
        classique, _ = groups("repartition", scope, sequences=[SEQUENCE])
        assert len(classique.populations["initial-population"]) == counted


def test_satisfaction_is_told_in_the_period_and_by_no_more_than_left() -> None:
    snapshot = Snapshot(store=None, epoch="")  # type: ignore[arg-type]
    snapshot.patients["p"] = PatientFacts(episodes={"e": replace(EPISODE, end=on(100))})
    for days, told in (((400,), 0), ((100,), 1), ((100, 101), 1)):
        snapshot.answers = {str(day): Answers(on(day)) for day in days}
        (group,) = INDICATORS["satisfaction"](snapshot, SCOPE)
        assert len(group.populations["numerator"]) == told
