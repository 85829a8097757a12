"""FHIRPath over parsed resources, with the functions of R4 that the library lacks."""

from decimal import Decimal
from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath, FhirPathError, Node, exact_numbers
from fhir_server.core.time_limit import time_limit

PATIENT: dict[str, Any] = json.parse(
    b"""{"resourceType": "Patient", "id": "1", "active": true,
    "contained": [{"resourceType": "Organization", "id": "o", "name": "Inside"}],
    "name": [{"use": "official", "family": "Martin", "given": ["Jeanne", null],
              "_given": [null, {"extension": [{"url": "u", "valueString": "x"}]}]},
             {"use": "usual", "given": ["Jo"]}],
    "birthDate": "1979-03-12",
    "_birthDate": {"extension": [{"url": "u", "valueDecimal": 1.50}, {"url": "u", "valueDecimal": 2.0}]},
    "_gender": {"extension": [{"url": "u", "valueCode": "unknown"}]},
    "deceasedBoolean": false,
    "generalPractitioner": [{"reference": "#o"}, {"reference": "Practitioner/9"},
                            {"reference": "http://other.example/fhir/Practitioner/8"}]}"""
)
OBSERVATION: dict[str, Any] = json.parse(
    b"""{"resourceType": "Observation", "status": "final", "valueQuantity": {"value": 5.40, "unit": "mg"},
    "component": [{"valueString": "a"}, {"valueQuantity": {"value": 7, "unit": "mg"}}]}"""
)


@pytest.fixture(scope="module")
def paths() -> FhirPath:
    return FhirPath()


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("Patient.name.given", ["Jeanne", "Jo"]),
        ("name.where(use = 'official').family", ["Martin"]),
        ("Resource.id", ["1"]),
        ("DomainResource.contained.id", ["o"]),
        ("%resource.id", ["1"]),
        ("birthDate.hasValue()", [True]),
        ("gender.hasValue()", [False]),
        ("gender", []),
        ("birthDate.extension('u').value", [Decimal("1.50"), Decimal("2.0")]),
        ("name.hasExtension('u')", [False]),
        ("generalPractitioner.where(resolve() is Practitioner).count()", [2]),
        ("generalPractitioner.where(resolve() is Organization).reference", ["#o"]),
        ("generalPractitioner.resolve().name", ["Inside"]),
        ("(Patient.deceased as boolean)", [False]),
        ("Patient.deceased.as(dateTime)", []),
        ("Patient.deceased.exists() and Patient.deceased != false", [False]),
        ("name.given.trace('names', $this)", ["Jeanne", "Jo"]),
        ("name.where($this.given.exists($this = 'Jo') and $this.use = 'usual').given", ["Jo"]),
        ("Patient is Patient", [True]),
        ("Patient is DomainResource", [True]),
        ("Patient.name.family | Patient.name.family", ["Martin"]),
        ("%sct", ["http://snomed.info/sct"]),
    ],
)
def test_what_an_expression_selects(paths: FhirPath, expression: str, values: list[Any]) -> None:
    assert paths.evaluate(expression, PATIENT) == values


@pytest.mark.parametrize(
    "criteria",
    [
        "family = 'Du' and family != 'Da' and family ~ 'du' and family > 'A'",
        "family in ('Du' | 'Da') and ('Du' | 'Da') contains family and family.count() = 1",
        "family.startsWith('D') and family.matches('^Du$') and family.upper() = 'DU' and family.length() = 2",
    ],
)
def test_extensions_of_a_primitive_do_not_count_beside_its_value(paths: FhirPath, criteria: str) -> None:
    extended = {"family": "Du", "_family": {"extension": [{"url": "urn:prefix", "valueString": "D"}]}}
    patient = {"resourceType": "Patient", "name": [extended]}
    assert paths.evaluate(f"Patient.name.where({criteria})", patient) == [extended]
    assert paths.evaluate("Patient.name.family.extension.value", patient) == ["D"]


@pytest.mark.parametrize(
    ("expression", "values"),
    [
        ("(Observation.value as Quantity).value", [Decimal("5.40")]),
        ("Observation.component.value.as(string)", ["a"]),
        ("Observation.component.value.ofType(Quantity).value", [7]),
        ("Observation.value.as(DateTime)", []),
        ("Observation.value.value * 2", [Decimal("10.80")]),
    ],
)
def test_types_narrow_whole_collections(paths: FhirPath, expression: str, values: list[Any]) -> None:
    assert paths.evaluate(expression, OBSERVATION) == values


def test_values_come_with_their_types(paths: FhirPath) -> None:
    nodes = paths.nodes("Patient.name | Patient.birthDate | Patient.contained", PATIENT)
    assert [node.type for node in nodes] == ["HumanName", "HumanName", "date", "Organization"]
    assert paths.nodes("Observation.value", OBSERVATION)[0].type == "Quantity"
    assert paths.nodes("1 + 1", OBSERVATION) == [Node(2, "integer")]


def test_a_resource_whose_type_is_told_too_is_found_by_the_name_of_its_type(paths: FhirPath) -> None:
    for expression, type in (
        ("Patient.name.first().type().name", "HumanName"),
        ("type().name", "Patient"),
        ("%context.type().name", "Patient"),
    ):
        assert paths.evaluate(expression, PATIENT, type="Patient") == [type]


def test_an_element_is_evaluated_with_its_resource(paths: FhirPath) -> None:
    name = PATIENT["name"][0]
    assert paths.evaluate("use", name, resource=PATIENT) == ["official"]
    assert paths.evaluate("%resource.id", name, resource=PATIENT) == ["1"]
    assert paths.evaluate("%wanted = use", name, environment={"wanted": "official"}) == [True]


def test_references_are_resolved_by_whom_it_is_told_to_ask(paths: FhirPath) -> None:
    known = {"Practitioner/9": {"resourceType": "Practitioner", "id": "9", "active": True}}
    expression = "generalPractitioner.resolve().active"
    assert paths.evaluate(expression, PATIENT, resolver=known.get) == [True]


@pytest.mark.parametrize(
    ("reference", "name"),
    [
        ("urn:uuid:6f4e1c7a-0b57-4d3c-9a41-5d1f5b1a7c01", ["By urn"]),
        ("Patient/7", ["By URL"]),
        ("Patient/6", ["By urn"]),
        ("https://a.example/fhir/Patient/7", ["By URL"]),
        ("Patient/7/_history/2", ["By URL"]),
        ("https://b.example/fhir/Patient/7", []),
        ("Patient/8", []),
        ("Patient?identifier=7", []),
        ("no reference", []),
    ],
)
def test_a_reference_in_a_bundle_leads_to_its_entries(
    paths: FhirPath, reference: str, name: list[str]
) -> None:
    composition = {"resourceType": "Composition", "subject": {"reference": reference}}
    bundle = {
        "resourceType": "Bundle",
        "entry": [
            {"fullUrl": "urn:uuid:6f4e1c7a-0b57-4d3c-9a41-5d1f5b1a7c00", "resource": composition},
            {
                "fullUrl": "urn:uuid:6f4e1c7a-0b57-4d3c-9a41-5d1f5b1a7c01",
                "resource": {"resourceType": "Patient", "id": "6", "name": [{"text": "By urn"}]},
            },
            {
                "fullUrl": "https://a.example/fhir/Patient/7",
                "resource": {"resourceType": "Patient", "id": "7", "name": [{"text": "By URL"}]},
            },
        ],
    }
    expression = "Bundle.entry[0].resource.as(Composition).subject.resolve().as(Patient).name.text"
    assert paths.evaluate(expression, bundle) == name


@pytest.mark.parametrize(
    ("expression", "patterns"),
    [
        (r"name.where(family.matches('^A\\d')).given | id.replaceMatches(' +', '-')", {r"^A\d", " +"}),
        ("name.family.matches(%resource.id) or name.family.matches('a' & 'b') or id.length() > 2", set()),
    ],
)
def test_patterns_are_found_where_they_stand(paths: FhirPath, expression: str, patterns: set[str]) -> None:
    assert set(paths.patterns(expression)) == patterns


def test_tracing_prints_nothing(paths: FhirPath, capsys: pytest.CaptureFixture[str]) -> None:
    paths.evaluate("name.trace('secret')", PATIENT)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("expression", ["name.where(", "name given", "'open", "name..family", ""])
def test_what_cannot_be_read_is_refused(paths: FhirPath, expression: str) -> None:
    with pytest.raises(FhirPathError):
        paths.evaluate(expression, PATIENT)


def test_what_fails_on_the_data_is_told_as_such(paths: FhirPath) -> None:
    with pytest.raises(FhirPathError, match="nowhere"):
        paths.evaluate("name.nowhere()", PATIENT)


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.matches('^(a+)+$')", "repeats a repetition"),
        ("'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!'.replaceMatches('^(a+)+$', 'b')", "repeats"),
        ("id" + ".select($this & $this)" * 21, "a text of more than"),
        ("id" + f".replace('', '{'a' * 99}')" * 5, "a text of more than"),
        ("id" + ".replaceMatches('.', '$0$0$0$0$0$0$0$0$0')" * 9, "a text of more than"),
        (
            "%resource.descendants().select('a')" + f".join('{'a' * 999}').toChars()" * 3,
            "a text of more than",
        ),
        ("(" * 2_000 + "id" + ")" * 2_000, "nested too deeply"),
    ],
)
def test_what_would_not_end_is_refused(paths: FhirPath, expression: str, said: str) -> None:
    with pytest.raises(FhirPathError, match=said):
        paths.evaluate(expression, PATIENT)


def test_an_evaluation_can_be_bounded(paths: FhirPath) -> None:
    expression = "Patient" + ".select($this | %resource.descendants())" * 6
    paths.check(expression)
    with pytest.raises(FhirPathError, match="longer than"), time_limit(0.02):
        paths.evaluate(expression, PATIENT)


def test_numbers_become_exact_and_the_rest_is_shared() -> None:
    exact = exact_numbers(OBSERVATION)
    assert exact["valueQuantity"]["value"] == Decimal("5.40")
    assert str(exact["valueQuantity"]["value"]) == "5.40"
    assert exact["component"] is OBSERVATION["component"]
    assert exact_numbers(exact) is exact
