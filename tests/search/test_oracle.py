"""The oracle gives what the examples of the R4 search page say. https://hl7.org/fhir/R4/search.html"""

import json
from decimal import Decimal
from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from tests.search.oracle.questions.servers import oracle


def found(registry: Registry, search: str, *resources: dict[str, Any]) -> list[str]:
    """The ids that a search such as `Patient?name=x` finds among the resources."""
    type, _, query = search.partition("?")
    written = json.loads(json.dumps(resources), parse_float=Decimal)
    return [reference.rpartition("/")[2] for reference in oracle(registry, written).search([type], query)]


def observation(id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "id": id, **elements}


def patient(id: str, **elements: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", "id": id, **elements}


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        ("100", [99.5, 100, 100.4]),
        ("100.00", [100]),
        ("1e2", [95, 99.4, 99.5, 100, 100.4, 100.5, 104.9]),
        ("1.00e2", [99.5, 100, 100.4]),
        ("lt100", [94.9, 95, 99.4, 99.5]),
        ("le100", [94.9, 95, 99.4, 99.5, 100]),
        ("gt100", [100.4, 100.5, 104.9, 105]),
        ("ge100", [100, 100.4, 100.5, 104.9, 105]),
        ("ne100", [94.9, 95, 99.4, 100.5, 104.9, 105]),
        ("ap104.8", [94.9, 95, 99.4, 99.5, 100, 100.4, 100.5, 104.9, 105]),
    ],
)
def test_the_oracle_compares_numbers_as_r4_does(
    registry: Registry, search: str, numbers: list[float]
) -> None:
    """https://hl7.org/fhir/R4/search.html#number"""
    stored = [94.9, 95, 99.4, 99.5, 100, 100.4, 100.5, 104.9, 105]
    resources = [observation(str(number), valueQuantity={"value": number}) for number in stored]
    assert found(registry, f"Observation?value-quantity={search}", *resources) == list(map(str, numbers))


@pytest.mark.parametrize(
    ("search", "dates"),
    [
        ("eq2013-01-14", ["2013-01-14T00:00:00+01:00", "2013-01-14T10:00:00+01:00"]),
        ("ne2013-01-14", ["2013-01-15T00:00:00+01:00", "2013"]),
        ("lt2013-01-14T10:00", ["2013-01-14T00:00:00+01:00", "2013"]),
        ("gt2013-01-14T10:00", ["2013-01-15T00:00:00+01:00", "2013"]),
        (
            "2013",
            ["2013-01-14T00:00:00+01:00", "2013-01-14T10:00:00+01:00", "2013-01-15T00:00:00+01:00", "2013"],
        ),
        ("2013-01-13T23:00:00Z", ["2013-01-14T00:00:00+01:00"]),
    ],
)
def test_the_oracle_compares_dates_as_r4_does(registry: Registry, search: str, dates: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#date"""
    stored = ["2013-01-14T00:00:00+01:00", "2013-01-14T10:00:00+01:00", "2013-01-15T00:00:00+01:00", "2013"]
    resources = [observation(str(place), effectiveDateTime=date) for place, date in enumerate(stored)]
    places = found(registry, f"Observation?date={search}", *resources)
    assert [stored[int(place)] for place in places] == dates


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("ge2013-03-14", ["from January", "from March"]),
        ("le2013-03-14", ["from January", "to January"]),
        ("sa2013-03-14", ["from March"]),
        ("eb2013-03-14", ["to January"]),
    ],
)
def test_the_oracle_compares_open_periods_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#date"""
    resources = [
        observation("from January", effectivePeriod={"start": "2013-01-21"}),
        observation("from March", effectivePeriod={"start": "2013-03-15"}),
        observation("to January", effectivePeriod={"end": "2013-01-21"}),
    ]
    assert found(registry, f"Observation?date={search}", *resources) == ids


def test_the_days_between_two_events_of_a_timing_are_within_it(registry: Registry) -> None:
    """https://hl7.org/fhir/R4/search.html#date"""
    timing = {"event": ["2013-01-31", "2013-03-24"]}
    assert found(registry, "Observation?date=ap2013-02-01", observation("o", effectiveTiming=timing)) == ["o"]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("given=eve", ["Eve", "eve", "Evelyn", "Éve"]),
        ("given:contains=eve", ["Eve", "eve", "Evelyn", "Severine", "Éve"]),
        ("given:exact=Eve", ["Eve"]),
    ],
)
def test_the_oracle_compares_strings_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#string"""
    stored = ["Eve", "eve", "Evelyn", "Severine", "Éve"]
    resources = [patient(given, name=[{"given": [given]}]) for given in stored]
    assert found(registry, f"Patient?{search}", *resources) == ids


@pytest.mark.parametrize("search", ["carreno", "quinones", "Carreno Quinones"])
def test_the_parts_of_a_family_name_are_searched_independently(registry: Registry, search: str) -> None:
    """https://hl7.org/fhir/R4/search.html#string"""
    resource = patient("p", name=[{"family": "Carreno Quinones"}])
    assert found(registry, f"Patient?family={search}", resource) == ["p"]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("identifier=http://acme.org/patient|2345", ["acme"]),
        ("identifier=2345", ["acme", "bare"]),
        ("identifier=|2345", ["bare"]),
        ("identifier=http://acme.org/patient|", ["acme"]),
        ("identifier:of-type=http://terminology.hl7.org/CodeSystem/v2-0203|MR|446053", ["typed"]),
        ("gender=male", ["bare"]),
        ("gender:not=male", ["acme", "typed"]),
        ("gender:missing=true", ["acme", "typed"]),
        ("gender:missing=false", ["bare"]),
        ("active=true", ["acme"]),
    ],
)
def test_the_oracle_compares_tokens_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#token"""
    record = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}]}
    resources = [
        patient("acme", identifier=[{"system": "http://acme.org/patient", "value": "2345"}], active=True),
        patient("bare", identifier=[{"value": "2345"}], gender="male"),
        patient("typed", identifier=[{"value": "446053", "type": record}]),
    ]
    assert found(registry, f"Patient?{search}", *resources) == ids


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("5.4|http://unitsofmeasure.org|mg", ["ucum", "gram"]),
        ("5.40e-3|http://unitsofmeasure.org|g", ["ucum", "gram"]),
        ("5.41|http://unitsofmeasure.org|mg", []),
        ("5.4||mg", ["ucum", "unit"]),
        ("5.4", ["ucum", "unit"]),
        ("lt5.4||mg", ["less"]),
        ("ge5.4||mg", ["ucum", "unit"]),
    ],
)
def test_the_oracle_compares_quantities_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#quantity"""
    ucum = "http://unitsofmeasure.org"
    resources = [
        observation("ucum", valueQuantity={"value": 5.4, "system": ucum, "code": "mg"}),
        observation("unit", valueQuantity={"value": 5.44, "unit": "mg"}),
        observation("gram", valueQuantity={"value": 0.0054, "system": ucum, "code": "g"}),
        observation("less", valueQuantity={"value": 5.4, "unit": "mg", "comparator": "<"}),
    ]
    assert found(registry, f"Observation?value-quantity={search}", *resources) == ids


@pytest.mark.parametrize(
    "search",
    [
        "subject=23",
        "subject=Patient/23",
        "subject:Patient=23",
        "subject=https://fhir.example.org/fhir/Patient/23",
        "patient=23",
        "subject:identifier=http://acme.org/fhir/identifier/mrn|123456",
    ],
)
@pytest.mark.parametrize("base", ["", "https://fhir.example.org/fhir/"])
def test_the_oracle_compares_references_as_r4_does(registry: Registry, search: str, base: str) -> None:
    """https://hl7.org/fhir/R4/search.html#reference"""
    identifier = {"system": "http://acme.org/fhir/identifier/mrn", "value": "123456"}
    resource = observation("o", subject={"reference": f"{base}Patient/23", "identifier": identifier})
    other = observation("other", subject={"reference": "https://elsewhere.example.org/Patient/23"})
    assert found(registry, f"Observation?{search}", resource, other) == ["o"]


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("Observation?subject.name=peter", ["o"]),
        ("Observation?subject:Patient.name=peter", ["o"]),
        ("Observation?subject:Group.code=x", []),
        ("Observation?encounter.subject.name=peter", ["e"]),
        ("Patient?_has:Observation:patient:code=1234-5", ["p"]),
        ("Patient?_has:Observation:patient:_has:Observation:has-member:code=panel", ["p"]),
        ("Encounter?patient._has:Observation:subject:code=1234-5", ["visit"]),
    ],
)
def test_the_oracle_follows_chains_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#chaining and #has"""
    code = {"coding": [{"code": "1234-5"}]}
    resources = [
        patient("p", name=[{"given": ["Peter"]}]),
        patient("q", name=[{"given": ["Paul"]}]),
        observation("o", code=code, subject={"reference": "Patient/p"}),
        observation("e", encounter={"reference": "Encounter/visit"}),
        observation(
            "panel", code={"coding": [{"code": "panel"}]}, hasMember=[{"reference": "Observation/o"}]
        ),
        {"resourceType": "Encounter", "id": "visit", "subject": {"reference": "Patient/p"}},
    ]
    assert found(registry, search, *resources) == ids


def test_a_chain_looks_into_contained_resources(registry: Registry) -> None:
    """https://hl7.org/fhir/R4/search.html#contained"""
    inner = {"resourceType": "Patient", "id": "inner", "name": [{"given": ["Peter"]}]}
    resource = observation("o", contained=[inner], subject={"reference": "#inner"})
    assert found(registry, "Observation?subject.name=peter", resource) == ["o"]
    assert found(registry, "Patient?name=peter", resource) == []


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("gender$mixed", ["both"]),
        ("owner$Eve", ["other"]),
        ("gender$mixed,owner$Eve", ["both", "other"]),
        ("gender$Eve", []),
    ],
)
def test_the_oracle_compares_composites_as_r4_does(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#composite"""

    def group(id: str, **values: str) -> dict[str, Any]:
        characteristics = [
            {"code": {"coding": [{"code": code}]}, "valueCodeableConcept": {"coding": [{"code": value}]}}
            for code, value in values.items()
        ]
        return {"resourceType": "Group", "id": id, "characteristic": characteristics}

    resources = [group("both", gender="mixed", owner="Adam"), group("other", owner="Eve")]
    assert found(registry, f"Group?characteristic-value={search}", *resources) == ids


@pytest.mark.parametrize(
    ("search", "ids"),
    [
        ("language=FR,NL", ["fr", "both"]),
        ("language=FR&language=NL", ["both"]),
        (r"language=a\,b", ["comma"]),
        ("language=a,b", []),
        ("language=", ["fr", "both", "comma"]),
    ],
)
def test_combination_and_escapes(registry: Registry, search: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#combining and #escaping"""

    def speaks(id: str, *codes: str) -> dict[str, Any]:
        return patient(id, communication=[{"language": {"coding": [{"code": code}]}} for code in codes])

    resources = [speaks("fr", "FR"), speaks("both", "FR", "NL"), speaks("comma", "a,b")]
    assert found(registry, f"Patient?{search}", *resources) == ids


@pytest.mark.parametrize(
    ("sort", "ids"),
    [
        ("birthdate", ["old", "two", "young", "none"]),
        ("-birthdate", ["young", "two", "old", "none"]),
        ("family", ["two", "old", "young", "none"]),
        ("-family", ["two", "young", "old", "none"]),
        ("gender,-birthdate", ["young", "two", "old", "none"]),
    ],
)
def test_the_oracle_sorts_as_r4_does(registry: Registry, sort: str, ids: list[str]) -> None:
    """https://hl7.org/fhir/R4/search.html#sort"""
    resources = [
        patient("none"),
        patient("young", birthDate="2001", name=[{"family": "éve"}], gender="female"),
        patient("old", birthDate="1950-06", name=[{"family": "Eva Abel"}]),
        patient("two", birthDate="2000", name=[{"family": "adam"}, {"family": "Zoe"}], gender="male"),
    ]
    assert found(registry, f"Patient?_sort={sort}", *resources) == ids
