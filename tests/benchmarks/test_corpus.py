"""The corpus is always the same, and accepted by a strict R4 parser."""

import json
import re

import pytest
from fhir.resources.R4B import get_fhir_model_class

from benchmarks import bundles, corpus


def test_a_patient_depends_on_the_number_alone() -> None:
    alone = corpus.patient(7)
    after_others = [corpus.patient(number) for number in range(8)][7]

    assert alone == after_others
    assert alone != corpus.patient(8)


def test_an_episode_depends_on_the_number_alone() -> None:
    assert corpus.episode(3) == corpus.episode(3)
    assert corpus.episode(3).keys().isdisjoint(corpus.episode(4))


def test_no_two_patients_share_a_record_number() -> None:
    numbers = [corpus.patient(number)["identifier"][1]["value"] for number in range(500)]

    assert len(set(numbers)) == 500
    assert numbers[42] == corpus.record_number(42)["value"]


def test_national_numbers_bear_their_key() -> None:
    for number in range(50):
        value = corpus.patient(number)["identifier"][0]["value"]
        assert int(value[13:]) == 97 - int(value[:13]) % 97


def test_an_episode_has_twenty_resources_that_refer_to_each_other() -> None:
    episode = corpus.episode(0)

    referred = set(re.findall(rb"urn:uuid:[0-9a-f-]{36}", corpus.serialised(episode)))
    assert len(episode) == 20
    assert {name.decode() for name in referred} == set(episode)
    assert {one["resourceType"] for one in episode.values()} == {
        "Patient",
        "Condition",
        "ServiceRequest",
        "Encounter",
        "MedicationStatement",
        "Observation",
    }


def test_every_resource_is_marked_as_test_data_and_valid() -> None:
    for resource in corpus.episode(5).values():
        assert resource["meta"]["tag"] == [corpus.TEST_DATA]
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)


def test_a_revision_keeps_who_the_patient_is() -> None:
    patient = corpus.patient(1)
    revised = corpus.revised(patient, 2)

    assert revised != patient
    assert revised == corpus.revised(patient, 2)
    changed = {name for name in patient if revised[name] != patient[name]}
    assert changed == {"telecom", "address"}


def test_single_creates_carry_what_the_transaction_does_without_temporary_names() -> None:
    episode = corpus.episode(9)
    patient = next(iter(episode)).removeprefix("urn:uuid:")

    bodies = [request.partition(b"\r\n\r\n")[2] for request in bundles.creates(episode)]

    assert [json.loads(body)["resourceType"] for body in bodies] == [
        one["resourceType"] for one in episode.values()
    ]
    assert not any(b"urn:uuid" in body for body in bodies)
    assert json.loads(bodies[1])["subject"] == {"reference": f"Patient/{patient}"}


@pytest.mark.parametrize("number", range(3))
def test_a_transaction_names_each_entry_once(number: int) -> None:
    request = bundles.transaction(bundles.creation(*named) for named in corpus.episode(number).items())

    bundle = json.loads(request.partition(b"\r\n\r\n")[2])
    assert bundle["type"] == "transaction"
    assert [entry["fullUrl"] for entry in bundle["entry"]] == list(corpus.episode(number))
    assert {entry["request"]["method"] for entry in bundle["entry"]} == {"POST"}
