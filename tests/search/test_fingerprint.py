"""Fingerprints change with all that decides which entries a resource gets, and with nothing else."""

from typing import Any
from zoneinfo import ZoneInfo

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.search.extract import Extractor
from tests.interactions.definitions import URL, parameter

ZONE = ZoneInfo("Europe/Paris")


@pytest.fixture(scope="module")
def registry() -> Registry:
    return Registry.r4()


def of(registry: Registry, type: str = "Patient", *stored: dict[str, Any], **options: Any) -> dict[str, str]:
    extractor = Extractor(registry.with_stored(stored), options.pop("zone", ZONE), **options)
    return extractor.fingerprints.of(type)


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    return {code for code in before | after if before.get(code) != after.get(code)}


def test_every_parameter_has_one_but_those_that_the_store_answers_for(registry: Registry) -> None:
    found = of(registry)
    assert set(registry.search_parameters("Patient")) - set(found) == {"_id", "_lastUpdated"}
    assert set(found) - set(registry.search_parameters("Patient")) == {"_compartment"}
    assert of(Registry.r4()) == found


def test_another_time_zone_concerns_dates_alone(registry: Registry) -> None:
    assert changed(of(registry), of(registry, zone=ZoneInfo("UTC"))) == {"birthdate", "death-date"}
    composites = changed(
        of(registry, "MolecularSequence"), of(registry, "MolecularSequence", zone=ZoneInfo("UTC"))
    )
    assert composites == set()


def test_another_base_url_concerns_references_and_the_compartments_they_tell(registry: Registry) -> None:
    other = of(registry, base_url="https://fhir.example/r4")
    expected = {
        code for code, one in registry.search_parameters("Patient").items() if one.type == "reference"
    }
    assert changed(of(registry), other) == {*expected, "_compartment"}


def test_a_stored_parameter_adds_its_own(registry: Registry) -> None:
    assert changed(of(registry), of(registry, "Patient", parameter())) == {"favourite"}


@pytest.mark.parametrize(
    ("members", "same"),
    [
        ({"name": "Other", "description": "Other", "comparator": ["eq"]}, True),
        ({"expression": "Patient.name.text.first()"}, False),
        ({"type": "token"}, False),
        ({"target": ["Patient"]}, False),
    ],
)
def test_a_change_counts_where_it_changes_entries(
    registry: Registry, members: dict[str, Any], same: bool
) -> None:
    before, after = of(registry, "Patient", parameter()), of(registry, "Patient", parameter(**members))
    assert (before["favourite"] == after["favourite"]) is same


def test_a_composite_changes_with_the_type_of_its_components(registry: Registry) -> None:
    component = parameter(id="part", url=f"{URL}-part", code="part")
    whole = parameter(
        type="composite",
        expression="Patient.name",
        component=[
            {"definition": f"{URL}-part", "expression": "family"},
            {"definition": "http://hl7.org/fhir/SearchParameter/individual-given", "expression": "given"},
        ],
    )
    before = of(registry, "Patient", component, whole)
    after = of(registry, "Patient", component | {"type": "token"}, whole)
    assert changed(before, after) == {"part", "favourite"}


def test_a_parameter_that_shares_an_index_changes_with_it(registry: Registry) -> None:
    twin = parameter(id="twin", url=f"{URL}-twin", code="twin")
    alone, together = of(registry, "Patient", twin), of(registry, "Patient", parameter(), twin)
    assert changed(alone, together) == {"favourite", "twin"}


def test_other_definitions_leave_the_rest_as_it_is(registry: Registry) -> None:
    first = Extractor(registry, ZONE)
    before = first.fingerprints.of("Patient")
    over = first.with_registry(registry.with_stored([parameter()]))
    assert over.fingerprints.of("Patient") == of(registry, "Patient", parameter())
    assert first.fingerprints.of("Patient") == before
