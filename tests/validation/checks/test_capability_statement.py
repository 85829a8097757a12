"""Capability statements that give search parameters another type than they have."""

from typing import Any

from fhir_server.validation.checks.capability_statement import CapabilityStatementCheck
from tests.validation.checks.runner import Runner

DEFINITION = "http://hl7.org/fhir/SearchParameter/"


def parameter(name: str, type: str) -> dict[str, Any]:
    return {"name": name, "type": type, "definition": DEFINITION + name}


def test_a_search_parameter_has_the_type_of_its_definition(run: Runner) -> None:
    of_type = [
        parameter("Patient-name", "string"),
        parameter("clinical-date", "token"),
        parameter("zzz", "token"),
        {"name": "x", "type": "token"},
    ]
    rest = [{"searchParam": [parameter("Resource-id", "string")], "resource": [{}, {"searchParam": of_type}]}]
    statement = {"resourceType": "CapabilityStatement", "rest": rest}
    assert run.found(CapabilityStatementCheck(), statement) == [
        ("warning", "parameter-type", "CapabilityStatement.rest[0].searchParam[0].type"),
        ("warning", "parameter-type", "CapabilityStatement.rest[0].resource[1].searchParam[1].type"),
    ]
