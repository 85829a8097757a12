"""The cohort is the same at any size, varied, and accepted by the server."""

from collections import Counter

import pytest
from fhir.resources.R4B import get_fhir_model_class

from benchmarks import cohort, corpus
from fhir_server import standalone
from fhir_server.core import json
from fhir_server.settings import Settings


def test_a_patients_care_depends_on_the_number_alone() -> None:
    assert list(cohort.care(7)) == list(cohort.care(7))
    assert [resource["id"] for resource in cohort.care(7)] != [resource["id"] for resource in cohort.care(8)]


def test_each_patient_has_twenty_observations_and_the_rest_of_the_care() -> None:
    types = Counter(resource["resourceType"] for resource in cohort.care(3))

    assert types == {
        "Patient": 1,
        "Encounter": 3,
        "CarePlan": 1,
        "QuestionnaireResponse": 3,
        "Observation": 20,
    }
    assert types.total() == cohort.PER_PATIENT


def test_no_two_resources_of_a_type_share_an_id() -> None:
    named = [
        (resource["resourceType"], resource["id"]) for number in range(30) for resource in cohort.care(number)
    ]

    assert len(set(named)) == len(named)


def test_the_resources_of_one_type_are_found_by_themselves() -> None:
    for type in ("Patient", "Observation"):
        whole = [resource for resource in cohort.care(4) if resource["resourceType"] == type]
        assert list(cohort.care_of_type(4, type)) == whole


def test_names_days_and_scores_vary() -> None:
    assert len({cohort.family(number) for number in range(200)}) > 100
    assert len({cohort.started(number).year for number in range(200)}) >= 4
    scores = {
        one["valueQuantity"]["value"]
        for number in range(50)
        for one in cohort.care_of_type(number, "Observation")
        if one["code"]["coding"][0]["code"] == "44261-6"
    }
    assert len(scores) > 20


def test_what_is_asked_for_is_what_the_care_says() -> None:
    patient, *others = cohort.care(11)

    assert patient["id"] == cohort.patient_id(11)
    assert patient["name"][1]["family"] == cohort.family(11)
    assert {one["subject"]["reference"] for one in others} == {f"Patient/{patient['id']}"}
    responses = [one for one in others if one["resourceType"] == "QuestionnaireResponse"]
    assert responses[0]["identifier"]["value"] == cohort.response_number(11)
    observations = [one for one in others if one["resourceType"] == "Observation"]
    for place, observation in enumerate(observations):
        coding = observation["code"]["coding"][0]
        assert f"{coding['system']}|{coding['code']}" == cohort.code(place)


@pytest.mark.parametrize("number", range(3))
def test_every_resource_is_marked_as_test_data_and_valid(number: int) -> None:
    validator = standalone.validator(Settings())
    for resource in cohort.care(number):
        assert resource["meta"]["tag"] == [corpus.TEST_DATA]
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
        issues = validator.validate(json.parse(corpus.serialised(resource)))
        assert [issue for issue in issues if issue.severity in ("error", "fatal")] == []


def test_hardly_two_patients_are_called_the_same() -> None:
    assert len({cohort.called(number) for number in range(400)}) > 380
