"""Sorting, visibility of deleted targets, and the clauses that the parser does not write itself."""

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.search.ast import Match, Not, Sort, TokenValue
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from fhir_server.search.match import matches, sort_value
from fhir_server.search.types.string import normalise
from tests.search.universe import NOW, Stored, Universe

PATIENT = {
    "resourceType": "Patient",
    "id": "p",
    "name": [{"family": "Zoé", "given": ["Ann"]}, {"family": "Martin"}],
    "identifier": [{"value": "2"}, {"value": "1"}],
    "birthDate": "1979",
}
STORED = Stored("Patient", "p", NOW)


@pytest.fixture(scope="module")
def entries(extractor: Extractor) -> Entries:
    return extractor.entries(PATIENT)


@pytest.mark.parametrize(
    ("sort", "value"),
    [
        (Sort("family", "string"), "martin"),
        (Sort("family", "string", descending=True), normalise("Zoé")),
        (Sort("identifier", "token"), "1"),
        (Sort("identifier", "token", descending=True), "2"),
        (Sort("_id", "token"), "p"),
        (Sort("_lastUpdated", "date", descending=True), NOW),
        (Sort("death-date", "date"), None),
    ],
)
def test_a_resource_is_sorted_by_its_first_value_in_that_direction(
    entries: Entries, sort: Sort, value: str | int | None
) -> None:
    assert sort_value(sort, STORED, entries) == value


def test_the_end_of_a_family_name_is_not_sorted_by(extractor: Extractor) -> None:
    entries = extractor.entries({**PATIENT, "name": [{"family": "Zoe Abel"}]})
    assert sort_value(Sort("family", "string"), STORED, entries) == "zoe abel"


def test_a_concept_without_a_code_is_sorted_as_missing(extractor: Extractor) -> None:
    resource = {"resourceType": "Condition", "id": "c", "code": {"text": "Fatigue"}}
    assert sort_value(Sort("code", "token"), STORED, extractor.entries(resource)) is None


def test_dates_are_sorted_by_start_or_by_end(entries: Entries) -> None:
    start = sort_value(Sort("birthdate", "date"), STORED, entries)
    end = sort_value(Sort("birthdate", "date", descending=True), STORED, entries)
    assert isinstance(start, int)
    assert isinstance(end, int)
    assert start < end


def test_numbers_are_sorted_as_numbers(extractor: Extractor) -> None:
    keys = []
    for value in (-3, 0, 9, 10, 100):
        resource = {
            "resourceType": "Observation",
            "id": "o",
            "valueQuantity": {"value": value},
        }
        sort = Sort("value-quantity", "quantity")
        keys.append(sort_value(sort, STORED, extractor.entries(resource)))
    assert keys == sorted(keys, key=str)
    assert len(set(keys)) == 5


def test_a_negation_matches_what_its_clause_does_not(
    registry: Registry, extractor: Extractor, entries: Entries
) -> None:
    universe = Universe(registry, extractor, [PATIENT])
    clause = Match("identifier", "token", (TokenValue(None, "1"),))
    assert matches(clause, STORED, entries, universe)
    assert not matches(Not(clause), STORED, entries, universe)


def test_a_chain_ends_where_its_target_is_not(registry: Registry, extractor: Extractor) -> None:
    observation = {"resourceType": "Observation", "id": "o", "subject": {"reference": "Patient/p"}}
    search = "Observation?patient.family=martin"
    assert Universe(registry, extractor, [observation, PATIENT]).search(search) == ["o"]
    assert Universe(registry, extractor, [observation]).search(search) == []
