"""Elements that a reference to their id cannot tell apart."""

from typing import Any

import pytest

from fhir_server.validation.checks.element_ids import ElementIdCheck
from tests.validation.checks.runner import Runner


def patient(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": "a", **elements}


NAMED = {"name": [{"id": "a", "family": "Roy"}]}
BUNDLE = {"resourceType": "Bundle", "entry": [{"id": "a", "resource": patient(**NAMED)}, {"id": "b"}]}
SAME = {"element": [{"id": "Patient.name", "path": "Patient.name"}]}


@pytest.mark.parametrize(
    "resource",
    [
        patient(**NAMED),
        patient(**NAMED, contained=[patient(**NAMED)], address=[{"id": "b"}]),
        BUNDLE,
        {"resourceType": "StructureDefinition", "snapshot": SAME, "differential": SAME},
    ],
)
def test_ids_that_name_one_element(run: Runner, resource: dict[str, Any]) -> None:
    assert run.found(ElementIdCheck(), resource) == []


@pytest.mark.parametrize(
    ("elements", "place"),
    [
        ({"address": [{}, {"id": "a"}]}, "Patient.address[1]"),
        ({"_birthDate": {"id": "a"}}, "Patient.birthDate"),
        (
            {"contact": [{"name": {"given": ["b"], "_given": [{"id": "a"}]}}]},
            "Patient.contact[0].name.given[0]",
        ),
        ({"_deceasedBoolean": {"id": "a"}}, "Patient.deceased.ofType(boolean)"),
        (
            {"extension": [{"url": "http://x", "valuePeriod": {"id": "a"}}]},
            "Patient.extension[0].value.ofType(Period)",
        ),
    ],
)
def test_an_id_names_one_element(run: Runner, elements: dict[str, Any], place: str) -> None:
    assert run.found(ElementIdCheck(), patient(**NAMED, **elements)) == [("warning", "element-id", place)]
