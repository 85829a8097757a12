"""Search parameters and patches evaluate FHIRPath as rules do, and by the library what is not compiled."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.core.fhirpath import FhirPathError, FhirPathTooCostly, Node
from fhir_server.core.json import number
from fhir_server.definitions.registry import Registry
from fhir_server.validation.fhirpath.engine import CompiledFhirPath

WEIGHT = {"value": number("1.50"), "system": "http://unitsofmeasure.org", "code": "kg"}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "contained": [{"resourceType": "Patient", "id": "p"}],
    "subject": {"reference": "#p"},
    "performer": [{"reference": "Practitioner/1"}],
    "effectiveDateTime": "2024-03-31T08:00:00+02:00",
    "_status": {"extension": [{"url": "urn:why", "valueString": "lost"}]},
    "valueQuantity": WEIGHT,
    "note": [{"text": "one"}, {"text": "TWO"}],
}


@pytest.fixture(scope="module")
def paths() -> CompiledFhirPath:
    return CompiledFhirPath(Registry.r4())


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("Observation.value.ofType(Quantity).where($this > 1400 'g').value", [Decimal("1.50")]),
        ("Observation.note.text.select(lower())", ["one", "two"]),
        ("Observation.effective + 1 day", ["2024-04-01T08:00:00+02:00"]),
        ("Observation.where(effective < @2024-03-31T07:00:00Z).note.text.last()", ["TWO"]),
        ("Observation.status", []),
        ("Observation.status.extension('urn:why').value", ["lost"]),
        ("Observation.performer.where(resolve() is Practitioner).reference", ["Practitioner/1"]),
        ("Observation.subject.resolve().id", ["p"]),
        ("(2.5 'mg') | 2.5", [{"value": Decimal("2.5"), "unit": "mg"}, Decimal("2.5")]),
        ("Observation.repeat(contained).type().name", ["Patient"]),
    ],
)
def test_what_an_expression_selects(paths: CompiledFhirPath, expression: str, values: list[Any]) -> None:
    paths.prepare(expression)
    assert paths.evaluate(expression, OBSERVATION) == values


@pytest.mark.parametrize(
    ("expression", "nodes"),
    [
        ("note.text.first().upper()", [Node("ONE", "string")]),
        ("effective.toDate()", [Node("2024-03-31", "date")]),
        ("value.value * 2", [Node(Decimal("3.00"), "decimal")]),
        ("note.exists() | note.count()", [Node(True, "boolean"), Node(2, "integer")]),
        ("2 'mg' + 1 'mg'", [Node({"value": Decimal(3), "unit": "mg"}, "Quantity")]),
        ("contained.where(id = 'p')", [Node({"resourceType": "Patient", "id": "p"}, "Patient")]),
        ("effective", [Node("2024-03-31T08:00:00+02:00", "dateTime")]),
    ],
)
def test_values_come_with_their_types(paths: CompiledFhirPath, expression: str, nodes: list[Node]) -> None:
    assert paths.nodes(expression, OBSERVATION) == nodes


def test_an_element_is_found_itself(paths: CompiledFhirPath) -> None:
    (found,) = paths.evaluate("note.where(text = 'one')", OBSERVATION)
    assert found is OBSERVATION["note"][0]
    assert paths.evaluate(
        "where($this = 'a' and %resource.note.exists())", "a", type="code", resource=OBSERVATION
    )


@pytest.mark.parametrize(
    "expression", ["note.where(", "note.ofType(Nothing)", "note.text > 3", "note.single()"]
)
def test_what_cannot_be_evaluated_is_an_error(paths: CompiledFhirPath, expression: str) -> None:
    with pytest.raises(FhirPathError):
        paths.evaluate(expression, OBSERVATION)


@pytest.mark.parametrize("expression", ["id.matches('^(a+)+$')", "id.repeat($this & 'a')"])
def test_what_runs_away_is_told_as_such(paths: CompiledFhirPath, expression: str) -> None:
    with pytest.raises(FhirPathTooCostly):
        paths.evaluate(expression, {**OBSERVATION, "id": "a" * 40 + "!"})
