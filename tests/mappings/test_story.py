"""The synthetic story is valid, complete at each step, and has the intended content."""

import re
from collections import Counter
from typing import Any

import pytest

from mappings.sesame.check_digits import nir_key, passes_luhn
from mappings.sesame.scales import read_scale
from tests.mappings.story import World, files, queries, resources, steps
from tests.mappings.validity import GUIDE, assert_valid, errors, is_marked_synthetic

STEPS = [
    "01-referral",
    "02-received",
    "03-accepted",
    "04-initial-assessment",
    "05-sequence-1",
    "06-nurse-contacts",
    "07-phq9-9",
    "08-renewal",
    "09-phq9-4",
    "10-closing",
]
PHQ9 = read_scale(GUIDE, "phq-9")
ALL = [
    pytest.param(entry["resource"], id=f"{name}-{place}-{entry['resource']['resourceType']}")
    for name, bundle in steps().items()
    for place, entry in enumerate(bundle["entry"])
]


@pytest.fixture
def told() -> World:
    """The world at the end of the story."""
    world = World()
    for bundle in steps().values():
        world.take(bundle)
    return world


@pytest.mark.parametrize("resource", ALL)
def test_every_resource_is_sound_and_marked_synthetic(resource: dict[str, Any]) -> None:
    assert_valid(resource)
    assert is_marked_synthetic(resource)


@pytest.mark.parametrize("name", STEPS)
def test_every_step_is_a_transaction(name: str) -> None:
    bundle = steps()[name]
    assert bundle["type"] == "transaction"
    assert errors(bundle) == []


def test_the_steps_can_be_sent_in_order_and_sent_again() -> None:
    world = World()
    assert list(steps()) == STEPS
    for bundle in steps().values():
        world.take(bundle)
        before = len(world.known)
        world.take(bundle)
        assert len(world.known) == before


def test_the_referral_holds_all_that_it_needs() -> None:
    kinds = Counter(entry["resource"]["resourceType"] for entry in steps()["01-referral"]["entry"])
    assert kinds == {
        "Patient": 1,
        "Practitioner": 1,
        "PractitionerRole": 1,
        "Organization": 2,
        "Coverage": 1,
        "Consent": 1,
        "QuestionnaireResponse": 2,
        "ServiceRequest": 1,
        "Task": 1,
    }


def test_the_task_goes_through_every_state() -> None:
    tasks = resources("Task")
    assert [task["status"] for task in tasks] == [
        "requested",
        "received",
        "accepted",
        "in-progress",
        "completed",
    ]
    assert [task["businessStatus"]["coding"][0]["code"] for task in tasks[1:]] == [
        "contact-attempted",
        "first-appointment-booked",
        "assessed-classique",
        "assessed-classique",
    ]


def test_the_phq_9_falls_from_17_to_9_to_4() -> None:
    taken = [
        found for found in resources("QuestionnaireResponse") if found["questionnaire"] == PHQ9.questionnaire
    ]
    ordinals = {option["code"]: place for place, option in enumerate(PHQ9.options)}
    for response in taken:
        answers = {item["linkId"]: item["answer"][0] for item in response["item"]}
        assert set(answers) == {*PHQ9.questions, PHQ9.total}
        total = sum(ordinals[answers[question]["valueCoding"]["code"]] for question in PHQ9.questions)
        assert answers[PHQ9.total]["valueInteger"] == total
    totals = [found["item"][-1]["answer"][0]["valueInteger"] for found in taken]
    assert totals == [17, 9, 4]
    assert [PHQ9.band(total).code for total in totals] == ["moderately-severe", "mild", "minimal"]  # type: ignore[union-attr]


def test_a_classique_sequence_and_its_renewal(told: World) -> None:
    first, second = sorted(told.all("CarePlan"), key=lambda plan: plan["period"]["start"])
    assert first["period"] == {"start": "2025-01-13", "end": "2025-04-12"}
    assert second["period"] == {"start": "2025-04-13", "end": "2025-07-12"}
    assert "replaces" not in first
    assert [found["status"] for found in (first, second)] == ["completed", "completed"]
    (replaced,) = second["replaces"]
    assert replaced["reference"] in queries(first)


def test_the_loop_is_closed_to_the_general_practitioner(told: World) -> None:
    (message,) = told.all("Communication")
    (task,) = told.all("Task")
    (request,) = told.all("ServiceRequest")
    (episode,) = told.all("EpisodeOfCare")
    assert message["recipient"] == [task["requester"]] == [request["requester"]]
    assert message["basedOn"] == [task["focus"]]
    assert (task["status"], request["status"], episode["status"]) == ("completed", "completed", "finished")
    assert episode["period"] == {"start": "2025-01-13", "end": "2025-07-12"}
    assert [goal["lifecycleStatus"] for goal in told.all("Goal")] == ["completed"]


def test_the_trinome_is_complete(told: World) -> None:
    (team,) = told.all("CareTeam")
    roles = [member["role"][0]["coding"][0]["code"] for member in team["participant"]]
    assert sorted(roles) == ["ide", "medecin-generaliste", "psychiatre"]


def test_four_contacts_in_twelve_weeks(told: World) -> None:
    contacts = [
        found["period"]["start"]
        for found in told.all("Encounter")
        if found["type"][0]["coding"][0]["code"] == "nurse-contact"
    ]
    assert sum(start < "2025-04-07" for start in contacts) == 4


def test_identities_are_made_up_but_well_formed(told: World) -> None:
    for resource in (*told.all("Patient"), *told.all("Practitioner"), *told.all("Organization")):
        for identifier in resource["identifier"]:
            value = identifier["value"]
            if identifier["system"] == "urn:oid:1.2.250.1.213.1.4.10":
                assert nir_key(value[:13]) == value[13:]
            if identifier["system"] in (
                "https://rpps.esante.gouv.fr",
                "https://finess.esante.gouv.fr",
                "https://sirene.fr",
            ):
                assert passes_luhn(value)
                assert value.startswith("99")
    assert all(
        "TEST" in found["name"][0]["family"] for found in told.all("Patient") + told.all("Practitioner")
    )


def test_every_date_is_full() -> None:
    for found in re.findall(
        rb'"(?:start|end|created|authored|authoredOn|sent|dateTime)": "([^"]*)"', _text()
    ):
        assert re.fullmatch(rb"\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}\+0[12]:00)?", found)


def _text() -> bytes:
    return b"".join(file.read_bytes() for file in files())
