"""Changes of one sequence that would break others are refused, whichever was written last."""

from functools import partial
from typing import Any

import pytest

from tests.interactions.client import Answer, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import (
    ASSESSED,
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
from tests.mappings.pathway.test_sequences import refused, whole_year
from tests.mappings.validity import GUIDE

EARLIER = {"start": "2024-06-03T10:00:00+02:00", "end": "2024-06-03T11:00:00+02:00"}
BARE = {"meta": None, "instantiatesCanonical": None}
"""As sent by software that claims no profile."""


def assessed_earlier(client: Client) -> None:
    """Let the initial assessment lie before what a test dates back."""
    (entry,) = client.get("Encounter").entries
    visit = entry["resource"]
    update(client, visit | {"period": EARLIER})


def renewed(client: Client) -> None:
    sent(begin(client, 1, ASSESSED, "2025-04-12", status="completed"))
    sent(begin(client, 2, "2025-04-13", "2025-07-12"))


def test_r5_the_first_sequence_is_not_dated_back_beyond_twelve_months(assessed: Client) -> None:
    whole_year(assessed)
    assessed_earlier(assessed)
    back = {"start": "2024-06-03", "end": "2024-09-02"}
    refused(change(assessed, "2025-0001-c1", period=back), "so the twelve months are over on 2025-06-02")


def test_a_renewal_does_not_come_before_what_it_renews(assessed: Client) -> None:
    sent(begin(assessed, 1, "2025-06-01", "2025-08-31", status="completed"))
    answer = begin(assessed, 2, "2025-02-01", "2025-04-30")
    refused(answer, "before the sequence that it renews", "CarePlan.period.start")


@pytest.mark.parametrize("status", ["active", "draft", "entered-in-error", "unknown"])
def test_a_sequence_that_was_renewed_stays_over(assessed: Client, status: str) -> None:
    renewed(assessed)
    refused(change(assessed, "2025-0001-c1", status=status), "renews this sequence")
    sent(change(assessed, "2025-0001-c2", status="entered-in-error"))
    sent(change(assessed, "2025-0001-c1", status=status))


def test_a_sequence_that_was_renewed_is_not_deleted(assessed: Client) -> None:
    """Not even one that no claim keeps on record."""
    (entry,) = assessed.get("Coverage").entries
    sent(assessed.put(f"Coverage/{entry['resource']['id']}", entry["resource"] | {"status": "draft"}))
    renewed(assessed)
    answer = assessed.delete(f"CarePlan/{stored(assessed, '2025-0001-c1')['id']}")
    refused(answer, "renews this sequence")


def test_r6_a_classique_that_was_renewed_does_not_become_a_leger(assessed: Client) -> None:
    renewed(assessed)
    found = stored(assessed, "2025-0001-c1")
    track = {"url": GUIDE.profile("track"), "valueCoding": GUIDE.coding("sesame-track", "leger")}
    kept = [extension for extension in found["extension"] if extension["url"] != track["url"]]
    meta = {"profile": [GUIDE.profile("sesame-careplan-leger")]}
    protocol = [GUIDE.canonical("PlanDefinition", "sesame-leger")]
    changes = {"extension": [*kept, track], "meta": meta, "instantiatesCanonical": protocol}
    refused(change(assessed, "2025-0001-c1", **changes), "renews this sequence")


def test_a_sequence_stays_with_its_patient(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    other = sent(assessed.post("Patient", {"resourceType": "Patient"}))
    answer = change(assessed, "2025-0001-c1", subject={"reference": f"Patient/{other.id}"})
    refused(answer, "stays that of Patient/", "CarePlan.subject")


def leger(client: Client, start: str, end: str, **changes: Any) -> Answer:
    return begin(client, 1, start, end, track="leger", **changes)


def test_r6_a_leger_is_no_renewal_whatever_profile_it_claims(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="entered-in-error"))
    replaced = [{"reference": f"CarePlan/{stored(assessed, '2025-0001-c1')['id']}"}]
    refused(leger(assessed, ASSESSED, "2025-04-12", replaces=replaced, **BARE), "never renewed")
    answer = begin(assessed, 3, ASSESSED, "2025-04-12", track="leger", replaces=None, **BARE)
    refused(answer, "never renewed")
    sent(leger(assessed, ASSESSED, "2025-04-12", **BARE))


def test_r6_a_first_classique_renews_no_leger(assessed: Client) -> None:
    sent(leger(assessed, ASSESSED, "2025-04-12", status="completed"))
    replaced = [{"reference": f"CarePlan/{stored(assessed, '2025-0001-l1')['id']}"}]
    answer = begin(assessed, 1, "2025-04-13", "2025-07-12", replaces=replaced, **BARE)
    refused(answer, "of rank 1 renews none", "CarePlan.replaces")


def test_a_leger_after_a_classique_is_one_however_late_the_classique_is_written(assessed: Client) -> None:
    sent(leger(assessed, "2025-07-01", "2025-09-30"))
    refused(begin(assessed, 1, ASSESSED, "2025-04-12"), "is not foreseen")
    sent(begin(assessed, 1, "2025-10-01", "2025-12-31"))


def test_a_classique_after_a_leger_is_one_however_late_the_leger_is_written(pathway: Pathway) -> None:
    client = pathway(leger_then_classique="refuse")
    tell(client, *UNTIL_ASSESSED)
    sent(begin(client, 1, "2025-07-01", "2025-09-30"))
    refused(leger(client, ASSESSED, "2025-04-12"), "A classique follows a léger")


def test_a_sequence_belongs_to_a_numbered_episode_that_is_not_over(assessed: Client) -> None:
    (entry,) = assessed.get("EpisodeOfCare").entries
    episode = lacking(entry["resource"], "meta")
    other = [{"system": "urn:other", "value": "1"}]
    update(assessed, episode | {"identifier": other})
    plan_of = partial(begin, assessed, 1, extension=extensions(f"EpisodeOfCare/{episode['id']}"))
    refused(plan_of(ASSESSED, "2025-04-12"), "has no number of the programme")
    over = {"status": "finished", "period": {"start": ASSESSED, "end": "2025-03-31"}}
    update(assessed, episode | over)
    refused(plan_of("2025-04-01", "2025-06-30"), "ended on 2025-03-31")
    sent(plan_of("2025-03-31", "2025-06-29"))


def extensions(episode: str) -> list[dict[str, Any]]:
    """Those of a first classique in an episode."""
    *others, last = plan(1, ASSESSED, "2025-04-12")["extension"]
    return [*others, last | {"valueReference": {"reference": episode}}]


def test_another_episode_has_ranks_and_twelve_months_of_its_own(assessed: Client) -> None:
    sent(begin(assessed, 1, ASSESSED, "2025-04-12", status="completed"))
    (entry,) = assessed.get("EpisodeOfCare").entries
    episode = {name: value for name, value in entry["resource"].items() if name != "meta"}
    over = {"status": "finished", "period": {"start": ASSESSED, "end": "2025-04-12"}}
    update(assessed, episode | over)
    number = [episode["identifier"][0] | {"value": "2025-0001-bis"}]
    back = {"identifier": number, "period": {"start": "2026-03-02"}}
    made = sent(assessed.post("EpisodeOfCare", {n: v for n, v in (episode | back).items() if n != "id"})).id
    own = {
        "extension": extensions(f"EpisodeOfCare/{made}"),
        "identifier": [{"system": NUMBERS, "value": "bis"}],
    }
    sent(begin(assessed, 1, "2026-03-02", "2026-06-01", **own))


def test_an_episode_is_not_written_as_over_beside_an_open_one(assessed: Client) -> None:
    """It would have been open at the same time, and have had sequences of its own."""
    (entry,) = assessed.get("EpisodeOfCare").entries
    kept = lacking(entry["resource"], "id", "meta")
    other = kept | {"identifier": [kept["identifier"][0] | {"value": "other"}], "status": "finished"}
    later = {"period": {"start": "2026-01-13", "end": "2026-12-31"}}
    refused(assessed.post("EpisodeOfCare", other | later), "has an open episode", "EpisodeOfCare")
    earlier = {"period": {"start": "2024-01-08", "end": ASSESSED}}
    sent(assessed.post("EpisodeOfCare", other | earlier))


def test_the_status_of_a_sequence_says_what_its_renewal_would_meet(assessed: Client) -> None:
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (entry,) = assessed.get("EpisodeOfCare").entries
    episode = lacking(entry["resource"], "meta")
    over = {"status": "finished", "period": {"start": ASSESSED, "end": "2025-04-12"}}
    update(assessed, episode | over)
    told = assessed.get(f"CarePlan/{first.id}/$sequence-status").content["parameter"]
    assert {"name": "renewable", "valueBoolean": False} in told
    (obstacle,) = [one["valueString"] for one in told if one["name"] == "obstacle"]
    assert obstacle.startswith("The EpisodeOfCare ended on 2025-04-12")
    refused(assessed.post(f"CarePlan/{first.id}/$renew"), "ended on 2025-04-12")


@pytest.mark.parametrize(("day", "left"), [("2025-01-13", 90), ("2025-04-12", 1), ("2025-04-13", 0)])
def test_the_status_of_a_sequence_says_what_is_left_and_what_follows(
    assessed: Client, day: str, left: int
) -> None:
    tell(assessed, "06-nurse-contacts")
    first = sent(begin(assessed, 1, ASSESSED, "2025-04-12"))
    (claim,) = claims(assessed)
    told = assessed.get(f"CarePlan/{first.id}/$sequence-status?date={day}").content["parameter"]
    values = {one.pop("name"): next(iter(one.values())) for one in told}
    assert values == {
        "track": "classique",
        "rank": 1,
        "status": "active",
        "start": ASSESSED,
        "end": "2025-04-12",
        "days-left": left,
        "contacts": 4,
        "billable": True,
        "claim": {"reference": f"Claim/{claim['id']}"},
        "renewable": True,
        "renewal-start": "2025-04-13",
        "renewal-end": "2025-07-12",
    }
