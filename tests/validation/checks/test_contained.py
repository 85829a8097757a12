"""Contained resources that a reference cannot tell apart."""

from fhir_server.validation.checks.contained import ContainedCheck
from tests.validation.checks.runner import Runner


def test_each_contained_resource_has_its_own_id(run: Runner) -> None:
    ids = ("a", "b", "a", "a")
    patient = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Organization", "id": id} for id in ids],
    }
    assert run.found(ContainedCheck(), patient) == [
        ("warning", "contained-id", "Patient.contained[2].id"),
        ("warning", "contained-id", "Patient.contained[3].id"),
    ]


def test_what_has_no_id_is_none_of_its_matters(run: Runner) -> None:
    patient = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Basic"}, {"resourceType": "Basic"}, 3],
    }
    assert run.found(ContainedCheck(), patient) == []
