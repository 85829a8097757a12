"""The sequences of one patient: stated rules are enforced, open questions follow the policy."""

from typing import Any

import pytest

from tests.interactions.client import Answer, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import (
    ASSESSED,
    FIRST,
    NUMBERS,
    UNTIL_ASSESSED,
    begin,
    change,
    claims,
    lacking,
    plan,
    sent,
    stored,
    tell,
    update,
)
from tests.mappings.validity import GUIDE


def refused(answer: Answer, said: str, place: str = "CarePlan") -> None:
    assert answer.status == 422, answer.content
    assert said in answer.diagnostics
    assert {issue["code"] for issue in answer.content["issue"]} >= {"business-rule"}
    assert any(expression.startswith(place) for expression in answer.expressions)


def whole_year(client: Client) -> None:
    """Four sequences, each completed before the next begins."""
    bounds = ["2025-01-13", "2025-04-13", "2025-07-13", "2025-10-13", "2026-01-13"]
    ends = ["2025-04-12", "2025-07-12", "2025-10-12", "2026-01-12"]
    for rank, (start, end) in enumerate(zip(bounds, ends, strict=False), start=1):
        sent(begin(client, rank, start, end))
        sent(change(client, f"2025-0001-c{rank}", status="completed"))


def test_r3_a_classique_lasts_three_calendar_months(assessed: Client) -> None:
    too_long = begin(assessed, 1, ASSESSED, "2025-04-13")
    assert (too_long.status, "ses-careplan-2" in too_long.diagnostics) == (422, True)
    # A plan that claims no profile is a sequence all the same.
    unclaimed = lacking(plan(1, ASSESSED, "2025-04-13"), "meta")
    refused(assessed.post("CarePlan", unclaimed), "3 months at most, to 2025-04-12")
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))


def test_r4_three_renewals_and_no_more(assessed: Client) -> None:
    whole_year(assessed)
    answer = begin(assessed, 5, "2026-01-13", "2026-01-14")
    assert (answer.status, "ses-careplan-3" in answer.diagnostics) == (422, True)
    # A plan that claims no profile is a sequence all the same.
    unclaimed = begin(assessed, 5, "2026-01-13", "2026-01-14", meta=None)
    refused(unclaimed, "4 classique sequences at most")


def test_r5_twelve_months_from_the_first_day(assessed: Client) -> None:
    sent(begin(assessed, 1, "2025-01-31", "2025-04-29"))
    sent(change(assessed, "2025-0001-c1", status="completed"))
    refused(begin(assessed, 2, "2025-12-01", "2026-01-31"), "the twelve months are over on 2026-01-30")
    sent(begin(assessed, 2, "2025-12-01", "2026-01-30"))


def test_r6_a_leger_is_never_renewed(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", track="leger"))
    sent(change(assessed, "2025-0001-l1", status="completed"))
    again = plan(1, "2025-04-13", "2025-07-12", track="leger")
    again["identifier"][0]["value"] = "2025-0001-l9"
    refused(assessed.post("CarePlan", again), "never renewed")


def test_r6_neither_is_it_renewed_as_a_classique(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", track="leger"))
    sent(change(assessed, "2025-0001-l1", status="completed"))
    number = "CarePlan?identifier=https://sesame.example/fhir/NamingSystem/care-plan|2025-0001-l1"
    answer = begin(assessed, 2, "2025-04-13", "2025-07-12", replaces=[{"reference": number}])
    refused(answer, "replaces the classique of rank 1", "CarePlan.replaces")


def test_r9_the_assessment_comes_before_any_sequence(assessed: Client) -> None:
    refused(begin(assessed, 1, "2025-01-12", "2025-04-11"), "before the initial assessment of 2025-01-13")
    refused(begin(assessed, 1, ASSESSED, "2025-04-12", encounter=None), "initial assessment")
    tell(assessed, "06-nurse-contacts")
    contact = "Encounter?identifier=https://sesame.example/fhir/NamingSystem/record|2025-0001-contact-1"
    answer = begin(assessed, 1, ASSESSED, "2025-04-12", encounter={"reference": contact})
    refused(answer, "initial-assessment", "CarePlan.encounter")


def test_r9_the_assessment_has_a_day(assessed: Client) -> None:
    visit = assessed.get("Encounter").entries[0]["resource"]
    undated = {name: value for name, value in visit.items() if name not in ("meta", "period")}
    sent(assessed.put(f"Encounter/{visit['id']}", undated))
    refused(begin(assessed, 1, ASSESSED, "2025-04-12"), "before the initial assessment of ?")


def test_sequences_do_not_overlap(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", status="completed"))
    refused(begin(assessed, 2, "2025-04-12", "2025-07-01"), "overlaps", "CarePlan.period")


def test_nor_does_one_that_is_recorded_later_but_came_first(assessed: Client) -> None:
    sent(begin(assessed, 1, "2025-03-01", "2025-05-31"))
    answer = begin(assessed, 1, ASSESSED, "2025-03-01", track="leger")
    refused(answer, "overlaps", "CarePlan.period")
    sent(begin(assessed, 1, ASSESSED, "2025-02-28", track="leger"))


def test_a_renewal_follows_the_rank_before_it_when_that_is_over(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    refused(begin(assessed, 2, "2025-04-13", "2025-07-12"), "is still open")
    sent(change(assessed, "2025-0001-c1", status="completed"))
    twin = plan(1, "2025-04-13", "2025-07-12")
    twin["identifier"][0]["value"] = "2025-0001-twin"
    refused(assessed.post("CarePlan", twin), "a sequence of rank 1 already")


def test_what_is_in_error_never_was(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", status="entered-in-error"))
    twin = plan(1, ASSESSED, "2025-04-12")
    twin["identifier"][0]["value"] = "2025-0001-twin"
    sent(assessed.post("CarePlan", twin))


def test_a_sequence_belongs_to_an_episode_of_its_patient(assessed: Client) -> None:
    other = {"resourceType": "Patient", "id": "other"}
    sent(assessed.put("Patient/other", other))
    episode = {
        "resourceType": "EpisodeOfCare",
        "id": "others",
        "status": "active",
        "patient": {"reference": "Patient/other"},
    }
    sent(assessed.put("EpisodeOfCare/others", episode))
    made = plan(1, ASSESSED, "2025-04-12")
    made["extension"][-1] = made["extension"][-1] | {"valueReference": {"reference": "EpisodeOfCare/others"}}
    refused(assessed.post("CarePlan", made), "another patient's")


@pytest.mark.parametrize(("options", "status"), [({}, 201), ({"leger_then_classique": "refuse"}, 422)])
def test_a_classique_after_a_leger_follows_the_policy(
    pathway: Pathway, options: dict[str, Any], status: int
) -> None:
    client = pathway(**options)
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, ASSESSED, "2025-04-12", track="leger"))
    sent(change(client, "2025-0001-l1", status="completed"))
    assert begin(client, 1, "2025-04-13", "2025-07-12").status == status


def test_a_leger_after_a_classique_is_refused(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    sent(change(assessed, "2025-0001-c1", status="completed"))
    refused(begin(assessed, 1, "2025-04-13", "2025-07-12", track="leger"), "after a classique")


@pytest.mark.parametrize(
    ("verdict", "start", "status"),
    [("allow", "2025-05-01", 201), ("refuse", "2025-04-14", 422), ("refuse", "2025-04-13", 201)],
)
def test_a_gap_follows_the_policy(pathway: Pathway, verdict: str, start: str, status: int) -> None:
    client = pathway(gaps=verdict)
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, ASSESSED, "2025-04-12"))
    sent(change(client, "2025-0001-c1", status="completed"))
    assert begin(client, 2, start, "2025-07-12").status == status


@pytest.mark.parametrize(("verdict", "status"), [("refuse", 422), ("warn", 201), ("allow", 201)])
def test_the_team_is_complete_as_the_policy_asks(pathway: Pathway, verdict: str, status: int) -> None:
    client = pathway(complete_team=verdict)
    tell(client, *UNTIL_ASSESSED)
    team = client.get("CareTeam").entries[0]["resource"]
    lone = team | {"participant": team["participant"][:1]}
    lone = lacking(lone, "meta")
    update(client, lone)
    assert begin(client, 1, ASSESSED, "2025-04-12").status == status


def test_a_team_has_one_nurse_one_psychiatrist_and_a_doctor(assessed: Client) -> None:
    team = assessed.get("CareTeam").entries[0]["resource"]
    doctor, nurse, psychiatrist = team["participant"]
    url, kept = f"CareTeam/{team['id']}", lacking(team, "meta")
    for members in (
        [nurse, psychiatrist],
        [doctor, nurse],
        [doctor, psychiatrist],
        [doctor, nurse, nurse, psychiatrist],
        [doctor, nurse, psychiatrist, psychiatrist],
    ):
        sent(assessed.put(url, kept | {"participant": members}))
        refused(begin(assessed, 1, ASSESSED, "2025-04-12"), "care team is incomplete", "CarePlan.careTeam")
    sent(assessed.put(url, kept | {"participant": [doctor, doctor, nurse, psychiatrist]}))
    unknown = [{"reference": "CareTeam/unknown"}]
    refused(begin(assessed, 1, ASSESSED, "2025-04-12", careTeam=unknown), "care team is incomplete")
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))


def test_the_window_is_a_setting(pathway: Pathway) -> None:
    client = pathway(window_start="2025-01-14", window_end="2025-01-14")
    tell(client, *UNTIL_ASSESSED)
    for start in (ASSESSED, "2025-01-15"):
        refused(begin(client, 1, start, "2025-04-12"), "outside the window", "CarePlan.period.start")
    sent(begin(client, 1, "2025-01-14", "2025-04-13"))


def test_one_open_episode_and_another_after_the_exit(assessed: Client) -> None:
    (entry,) = assessed.get("EpisodeOfCare").entries
    episode = entry["resource"]
    second = lacking(episode, "id", "meta")
    second["identifier"] = [episode["identifier"][0] | {"value": "2025-0001-bis"}]
    answer = assessed.post("EpisodeOfCare", second)
    refused(answer, "has an open episode already", "EpisodeOfCare.status")
    ended = episode | {
        "status": "finished",
        "statusHistory": [{"status": "active", "period": {"start": ASSESSED, "end": "2025-02-01"}}],
        "period": {"start": ASSESSED, "end": "2025-02-01"},
    }
    ended = lacking(ended, "meta")
    update(assessed, ended)
    sent(assessed.post("EpisodeOfCare", second))


def without(found: dict[str, Any], part: str) -> dict[str, Any]:
    """A plan that claims no profile and has lost one of the parts that make it a sequence."""
    urls = {"track": GUIDE.profile("track"), "rank": GUIDE.profile("sequence-rank")}
    kept = lacking(found, "meta", "instantiatesCanonical")
    kept["extension"] = [extension for extension in kept["extension"] if extension["url"] != urls.get(part)]
    lost = {"number": ["identifier"], "start": ["period"]}.get(part, [])
    return lacking(kept, *lost)


@pytest.mark.parametrize("part", ["track", "rank", "number", "start"])
def test_a_sequence_keeps_what_makes_it_one(assessed: Client, part: str) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    found = stored(assessed, "2025-0001-c1")
    refused(assessed.put(f"CarePlan/{found['id']}", without(found, part)), f"lacks: {part}")
    assert [claim["status"] for claim in claims(assessed)] == ["active"]


@pytest.mark.parametrize("part", ["track", "rank", "number", "start"])
def test_what_bears_a_mark_of_a_sequence_is_a_whole_one_once_it_counts(assessed: Client, part: str) -> None:
    partial = without(plan(1, ASSESSED, "2025-04-12"), part)
    refused(assessed.post("CarePlan", partial), f"lacks: {part}")
    sent(assessed.post("CarePlan", partial | {"status": "draft"}))
    assert claims(assessed) == []


def test_what_renews_a_sequence_is_one(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="completed"))
    bare = {name: value for name, value in FIRST.items() if name in ("resourceType", "intent", "subject")}
    other = bare | {"status": "active", "subject": stored(assessed, "2025-0001-c1")["subject"]}
    sent(assessed.post("CarePlan", other))
    renewal = other | {"replaces": [{"reference": f"CarePlan?identifier={NUMBERS}|2025-0001-c1"}]}
    refused(assessed.post("CarePlan", renewal), "lacks: number, track, rank, start, end")


def test_a_sequence_keeps_its_number_and_shares_it_with_no_other(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="completed"))
    number = [{"system": NUMBERS, "value": "2025-0001-other"}]
    refused(change(assessed, "2025-0001-c1", identifier=number), "keeps its number, 2025-0001-c1")
    taken = [{"system": NUMBERS, "value": "2025-0001-c1"}]
    again = begin(assessed, 2, "2025-04-13", "2025-07-12", identifier=taken)
    refused(again, "the number 2025-0001-c1".capitalize())
    assert len(claims(assessed)) == 1


def test_refusals_speak_french(assessed: Client) -> None:
    answer = assessed.post("CarePlan", plan(1, "2025-01-12", "2025-04-11"), language="fr")
    refused(answer, "avant l'évaluation initiale du 2025-01-13")
