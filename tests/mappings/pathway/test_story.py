"""The server's own writes during the whole story are valid and correct."""

from collections import Counter

import pytest

from tests.interactions.client import Client
from tests.mappings.pathway.plans import tell
from tests.mappings.pathway.referrals import CATEGORIES, code, only
from tests.mappings.validity import GUIDE, assert_valid, is_marked_synthetic

WRITTEN = ("Observation", "Communication", "Task", "ServiceRequest", "Claim", "Flag")


@pytest.fixture
def told(client: Client) -> Client:
    tell(client)
    return client


def test_all_that_is_on_record_is_sound_and_marked_as_made_up(told: Client) -> None:
    for type in WRITTEN:
        for entry in told.get(f"{type}?_count=100").entries:
            assert_valid(entry["resource"])
            assert is_marked_synthetic(entry["resource"])


def test_each_passation_has_its_score(told: Client) -> None:
    scores = [entry["resource"] for entry in told.get("Observation?code=44261-6&_sort=date").entries]
    assert [score["valueInteger"] for score in scores] == [17, 9, 4]
    for score in scores:
        (source,) = score["derivedFrom"]
        answered = told.get(source["reference"]).content
        assert answered["item"][-1]["answer"][0]["valueInteger"] == score["valueInteger"]
        assert answered["authored"] == score["effectiveDateTime"]
        assert answered["encounter"] == score["encounter"]


def test_the_patient_is_in_remission_in_the_end(told: Client) -> None:
    outcomes = [entry["resource"] for entry in told.get("Observation?outcome=remission,response").entries]
    assert Counter(one["effectiveDateTime"][:10] for one in outcomes) == {"2025-07-07": 2}


def test_the_doctor_is_told_of_each_step(told: Client) -> None:
    messages = [entry["resource"] for entry in told.get("Communication").entries]
    assert {code(one["category"][0], CATEGORIES) for one in messages} == {
        "referral-accepted",
        "assessment-report",
        "exit-report",
    }
    requester = only(told, "ServiceRequest")["requester"]
    assert all(one["recipient"] == [requester] for one in messages)


def test_the_doctors_software_follows_its_own_referrals(told: Client) -> None:
    requester = only(told, "ServiceRequest")["requester"]["reference"]
    page = told.get(f"Task/$changes?requester={requester}")
    assert [entry["resource"]["status"] for entry in page.entries] == [
        "requested",
        "received",
        "accepted",
        "in-progress",
        "completed",
    ]
    assert told.get(page.link("next") or "").entries == []


def test_the_profiles_of_the_guide_are_told_with_their_types(client: Client) -> None:
    (rest,) = client.get("metadata").content["rest"]
    told = {one["type"]: set(one.get("supportedProfile", ())) for one in rest["resource"]}
    assert told["Claim"] == {GUIDE.profile("sesame-claim")}
    assert told["Flag"] == {GUIDE.profile("sesame-flag-suicide-risk")}
    assert told["Basic"] == set()
