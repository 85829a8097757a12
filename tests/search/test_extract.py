"""Entries of resources: that each finds its resource again, and what is special about some."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs

from fhir_server.core.fhirpath import FhirPath
from fhir_server.core.json import parse
from fhir_server.core.temporal import format_instant
from fhir_server.definitions.registry import Registry
from fhir_server.search.entries import DateEntry, Entries, ReferenceEntry, StringEntry, TokenEntry
from fhir_server.search.escapes import escape
from fhir_server.search.extract import OF_THE_WHOLE, Extractor, TooManyEntries
from fhir_server.search.match import matches
from tests.search.universe import NOW, PARIS, Stored, Universe, example_resources, understand

RESOURCES = example_resources()


def searches(entries: Entries) -> Iterator[tuple[str, str]]:
    """A parameter and value for each entry, by which it must be found."""
    for string in entries.strings:
        yield string.parameter, escape(string.exact)
        if ":" not in string.parameter:
            yield string.parameter + ":contains", escape(string.exact[1:])
    for token in entries.tokens:
        if token.code and token.parameter.endswith(":folded"):
            parameter = token.parameter.removesuffix(":folded")
            yield parameter, f"{escape(token.system)}|{escape(token.code.upper())}"
        elif token.code and token.parameter.endswith(":of-type"):
            yield token.parameter, f"{token.system}|{escape(token.code)}"
        elif token.code and token.parameter != "_compartment":
            yield token.parameter, f"{escape(token.system)}|{escape(token.code)}"
            yield token.parameter, escape(token.code)
    for reference in entries.references:
        if reference.type:
            yield reference.parameter, f"{reference.type}/{reference.target}"
        elif ":" in reference.target:
            yield reference.parameter, escape(reference.target)
    for date in entries.dates:
        if abs(date.low) < 2**60:
            yield date.parameter, "ge" + format_instant(date.low)
    for uri in entries.uris:
        yield uri.parameter, escape(uri.value)
    for word in entries.words:
        yield word.parameter, f'"{word.word}"'
        yield "_content", f'"{word.word.upper()}"'
    for position in entries.positions:
        yield position.parameter, f"{position.latitude}|{position.longitude}|1|m"


@pytest.mark.parametrize("file", RESOURCES)
def test_a_resource_is_found_by_each_of_its_entries(
    registry: Registry, extractor: Extractor, file: str
) -> None:
    resource = RESOURCES[file]
    type = resource["resourceType"]
    entries = extractor.entries(resource)
    universe = Universe(registry, extractor, [resource])
    for name, value in searches(entries):
        if not value.strip(" ,"):
            continue
        (clause,) = understand(registry, [type], urlencode({name: value})).query.where
        assert matches(clause, Stored(type, resource["id"], NOW), entries, universe), (name, value)


@pytest.mark.parametrize("file", RESOURCES)
def test_no_entry_comes_twice(extractor: Extractor, file: str) -> None:
    entries = extractor.entries(RESOURCES[file])
    for found in (entries.strings, entries.tokens, entries.references, entries.dates, entries.quantities):
        assert len(found) == len(set(found))


def entries_of(extractor: Extractor, **resource: Any) -> Entries:
    return extractor.entries(resource)


def test_a_resource_is_in_the_compartments_of_those_it_is_about(extractor: Extractor) -> None:
    entries = entries_of(
        extractor,
        resourceType="Encounter",
        id="e",
        subject={"reference": "Patient/1"},
        participant=[{"individual": {"reference": "Practitioner/2"}}],
    )
    compartments = {
        (entry.system, entry.code) for entry in entries.tokens if entry.parameter == "_compartment"
    }
    assert compartments == {("Patient", "1"), ("Practitioner", "2"), ("Encounter", "e")}


def test_a_resource_of_another_server_makes_no_compartment(extractor: Extractor) -> None:
    subject = {"reference": "http://elsewhere.example/fhir/Patient/1"}
    entries = entries_of(extractor, resourceType="Observation", id="o", subject=subject)
    assert not [entry for entry in entries.tokens if entry.parameter == "_compartment"]


def test_a_contained_patient_counts_as_a_patient(extractor: Extractor) -> None:
    entries = entries_of(
        extractor,
        resourceType="Observation",
        id="o",
        contained=[{"resourceType": "Patient", "id": "p"}, {"resourceType": "Group", "id": "g"}],
        subject={"reference": "#p"},
    )
    assert ReferenceEntry("patient", "", "#p", "") in entries.references


def test_a_urn_reference_is_of_the_type_it_states(extractor: Extractor) -> None:
    urn = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"
    subject = {"reference": urn, "type": "Patient"}
    entries = entries_of(extractor, resourceType="Observation", id="o", subject=subject)
    assert ReferenceEntry("patient", "", urn, "") in entries.references


def test_names_that_look_alike_share_one_index(extractor: Extractor) -> None:
    entries = entries_of(extractor, resourceType="Patient", id="p", name=[{"family": "Martin"}])
    assert {entry.parameter for entry in entries.strings} == {"name", "family"}


def test_only_a_code_with_letters_is_indexed_without_case_too(extractor: Extractor) -> None:
    """The case of tags for languages does not count."""
    spoken = [
        {"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": code}]}} for code in ("FR", "419")
    ]
    found = extractor.entries({"resourceType": "Patient", "communication": spoken}).tokens
    codes = {(token.parameter, token.code) for token in found if token.parameter.startswith("language")}
    assert codes == {("language", "FR"), ("language", "419"), ("language:folded", "fr")}


def test_a_day_that_no_calendar_has_is_left_out(extractor: Extractor) -> None:
    entries = entries_of(extractor, resourceType="Patient", id="p", birthDate="2021-02-30")
    assert entries.dates == []


def test_times_without_a_zone_are_in_the_configured_one(registry: Registry) -> None:
    patient = {"resourceType": "Patient", "id": "p", "birthDate": "1979-03-12"}
    paris = Extractor(registry, PARIS).entries(patient).dates
    tokyo = Extractor(registry, ZoneInfo("Asia/Tokyo")).entries(patient).dates
    eight_hours = 8 * 3_600 * 1_000_000
    assert tokyo == [DateEntry("birthdate", paris[0].low - eight_hours, paris[0].high - eight_hours)]


def test_the_id_and_the_time_of_change_have_no_entries(extractor: Extractor) -> None:
    meta = {"lastUpdated": "2026-01-01T00:00:00Z", "versionId": "1"}
    entries = entries_of(extractor, resourceType="Basic", id="b", meta=meta)
    assert entries == Entries()


def test_a_parameter_of_a_guide_on_an_extension(registry: Registry) -> None:
    url = "https://example.org/StructureDefinition/track"
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/track",
                "code": "track",
                "base": ["CarePlan"],
                "type": "token",
                "expression": f"CarePlan.extension('{url}').value",
            }
        ]
    )
    plan = {
        "resourceType": "CarePlan",
        "id": "c",
        "extension": [
            {"url": "https://example.org/other", "valueCode": "no"},
            {
                "url": url,
                "valueCoding": {"system": "urn:s", "code": "classique", "display": "Séquence classique"},
            },
        ],
    }
    entries = Extractor(guide, PARIS).entries(plan)
    assert entries.tokens == [TokenEntry("track", "urn:s", "classique")]
    assert entries.strings == [StringEntry("track:text", "sequence classique", "Séquence classique")]


def test_items_that_an_extension_marks(extractor: Extractor) -> None:
    mark = "http://hl7.org/fhir/StructureDefinition/questionnaireresponse-isSubject"
    item = {"linkId": "1", "answer": [{"valueReference": {"reference": "Patient/p"}}]}
    other = {"linkId": "2", "answer": [{"valueReference": {"reference": "Patient/q"}}]}
    other["extension"] = [{"url": "urn:other", "valueBoolean": True}]
    marked = item | {"extension": [{"url": mark, "valueBoolean": True}]}
    entries = entries_of(extractor, resourceType="QuestionnaireResponse", id="r", item=[marked, item, other])
    assert [
        reference.target for reference in entries.references if reference.parameter == "item-subject"
    ] == ["p"]


@pytest.mark.parametrize(
    ("part", "codings"),
    [
        ("category", [("urn:s", "rank")]),
        ("category", [("urn:other", "x"), ("urn:s", "rank")]),
        ("category", [("urn:s", "site")]),
        ("category", [("urn:other", "rank")]),
        ("category", []),
        ("code", [("urn:s", "rank")]),
    ],
)
def test_a_parameter_that_a_code_selects_agrees_with_the_engine(
    registry: Registry, part: str, codings: list[tuple[str, str]]
) -> None:
    coded = f"{part}.coding.where(system = 'urn:s' and code = 'rank').exists()"
    expression = f"Claim.supportingInfo.where({coded}).value.ofType(Quantity).value"
    concept = {"coding": [{"system": system, "code": code} for system, code in codings]}
    information = [
        {"sequence": 1, "category": concept, "valueQuantity": {"value": 3}},
        {"sequence": 2, "valueQuantity": {"value": 4}},
    ]
    claim = {"resourceType": "Claim", "id": "c", "supportingInfo": information}
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/rank",
                "code": "rank",
                "base": ["Claim"],
                "type": "number",
                "expression": expression,
            }
        ]
    )
    found = [
        number for number in Extractor(guide, PARIS).entries(claim).numbers if number.parameter == "rank"
    ]
    assert len(found) == len(FhirPath().evaluate(expression, claim))


@pytest.mark.parametrize("what", ["", ".family.first()"])
def test_a_parameter_that_takes_the_engine(registry: Registry, what: str) -> None:
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/official",
                "code": "official",
                "base": ["Patient"],
                "type": "string",
                "expression": "Patient.name.where(use = 'official' and family.exists())" + what,
            }
        ]
    )
    patient = {
        "resourceType": "Patient",
        "id": "p",
        "name": [{"family": "Durand"}, {"use": "official", "family": "Martin"}],
    }
    found = Extractor(guide, PARIS).entries(patient).strings
    assert StringEntry("official", "martin", "Martin") in found
    assert StringEntry("official", "durand", "Durand") not in found


@pytest.mark.parametrize(
    "expression",
    [
        "Bundle.entry.resource.ofType(Location).name",
        "Bundle.entry.resource.as(Location).name",
        "(Bundle.entry.resource as Location).name",
        "Bundle.entry.resource.where($this is Location).name",
    ],
)
def test_a_parameter_that_looks_into_resources_of_one_type(registry: Registry, expression: str) -> None:
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/place",
                "code": "place",
                "base": ["Bundle"],
                "type": "string",
                "expression": expression,
            }
        ]
    )
    inner = [
        {"resourceType": "Organization", "name": "Hospital"},
        {"resourceType": "Location", "name": "Ward"},
    ]
    bundle = {
        "resourceType": "Bundle",
        "id": "b",
        "type": "collection",
        "entry": [{"resource": r} for r in inner],
    }
    assert Extractor(guide, PARIS).entries(bundle).strings == [StringEntry("place", "ward", "Ward")]


def test_the_engine_finds_quantities_with_decimals(registry: Registry) -> None:
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/heavy",
                "code": "heavy",
                "base": ["Observation"],
                "type": "quantity",
                "expression": "Observation.value.ofType(Quantity).where(value > 5)",
            }
        ]
    )
    weight = parse(
        b'{"resourceType":"Observation","id":"o",'
        b'"valueQuantity":{"value":5.50,"system":"http://unitsofmeasure.org","code":"kg"}}'
    )
    found = Extractor(guide, PARIS).entries(weight).quantities
    as_r4_has_it, as_ours = (
        [structs.replace(one, parameter="") for one in found if one.parameter.startswith(code)]
        for code in ("value-quantity", "heavy")
    )
    assert as_ours == as_r4_has_it != []


def test_an_expression_that_fails_on_the_data_finds_nothing(registry: Registry) -> None:
    guide = registry.with_guides(
        [
            {
                "resourceType": "SearchParameter",
                "status": "active",
                "url": "https://example.org/SearchParameter/broken",
                "code": "broken",
                "base": ["Patient"],
                "type": "string",
                "expression": "Patient.name.nonsense()",
            }
        ]
    )
    patient = {"resourceType": "Patient", "id": "p", "name": [{"family": "Martin"}]}
    found = Extractor(guide, PARIS).entries(patient).strings
    assert {entry.parameter for entry in found} == {"name", "family"}


@pytest.mark.parametrize("type", ["Observation", "Patient", "Location"])
def test_parameters_find_together_what_each_finds_alone(
    registry: Registry, extractor: Extractor, type: str
) -> None:
    codes = registry.search_parameters(type).keys() - OF_THE_WHOLE
    for resource in (resource for resource in RESOURCES.values() if resource["resourceType"] == type):
        together = extractor.entries_of(resource, frozenset(codes))
        alone = [extractor.entries_of(resource, frozenset({code})) for code in codes]
        for kind in ("strings", "tokens", "dates", "quantities", "composites"):
            assert set(getattr(together, kind)) == {entry for one in alone for entry in getattr(one, kind)}


def group_of_groups(size: int) -> dict[str, Any]:
    """Groups within a group, each of which has all of them as members."""
    member = [{"entity": {"reference": f"#g{number}"}} for number in range(size)]
    group = {"resourceType": "Group", "type": "person", "actual": True, "member": member}
    return {**group, "id": "g", "contained": [{**group, "id": f"g{number}"} for number in range(size)]}


def test_what_is_contained_is_gone_through_once(extractor: Extractor) -> None:
    """Not once for each that is contained, which for ten thousand took half a minute."""
    times = 0

    class Counting(list[Any]):
        def __iter__(self) -> Iterator[Any]:
            nonlocal times
            times += 1
            return super().__iter__()

    patients = [{"resourceType": "Patient", "id": f"p{number}", "active": True} for number in range(20)]
    extractor.entries(
        {
            "resourceType": "Observation",
            "id": "o",
            "contained": Counting(patients),
            "performer": [{"reference": f"#p{number}"} for number in range(20)],
        }
    )
    assert times < 20


def test_more_entries_than_allowed_are_an_error(extractor: Extractor) -> None:
    names = {"resourceType": "Patient", "id": "p", "name": [{"family": f"n{n}"} for n in range(100)]}
    assert extractor.entries(names, 1_000) == extractor.entries(names)
    with pytest.raises(TooManyEntries):
        extractor.entries(names, 100)


def test_entries_are_counted_while_they_multiply(extractor: Extractor) -> None:
    """A hundred groups that refer to one another are found in a million ways."""
    extractor.entries(group_of_groups(3), 1_000)
    with pytest.raises(TooManyEntries):
        extractor.entries(group_of_groups(100), 1_000)
