"""A definition that names the ways in which its parameter may be asked for allows no others.

https://hl7.org/fhir/R4/searchparameter-definitions.html
"""

from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from tests.search.universe import understand


@pytest.fixture(scope="module")
def narrow(registry: Registry) -> Registry:
    """R4 with parameters that allow little."""
    return registry.with_guides(
        [
            defined("nick", "string", "Patient.name.given", modifier=["exact"], multipleOr=False),
            defined("born", "date", "Patient.birthDate", comparator=["eq", "gt"], multipleAnd=False),
            defined(
                "gp",
                "reference",
                "Patient.generalPractitioner",
                target=["Organization", "Practitioner"],
                chain=["name"],
                modifier=["type", "identifier"],
            ),
        ]
    )


def defined(code: str, type: str, expression: str, **members: Any) -> dict[str, Any]:
    return {
        "resourceType": "SearchParameter",
        "url": f"https://example.org/SearchParameter/{code}",
        "status": "active",
        "code": code,
        "base": ["Patient"],
        "type": type,
        "expression": expression,
    } | members


@pytest.mark.parametrize(
    "query",
    [
        "nick=a&nick=b",
        "nick:exact=a",
        "nick=a%5C,b",
        "born=gt2020",
        "born=2020",
        "_filter=born eq 2020 and born gt 2019",
        "gp=Practitioner/1,Practitioner/2",
        "gp:Practitioner=1",
        "gp:identifier=1",
        "gp.name=x",
        "gp:Organization.name:exact=x",
        "_sort=-born&_include=Patient:gp",
    ],
)
def test_what_the_definition_names_is_understood(narrow: Registry, query: str) -> None:
    understand(narrow, ["Patient"], query)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("nick=a,b", "'nick' has 2 values; its definition allows one alone"),
        ("nick:contains=a", "Valid are: :exact."),
        ("nick:missing=true", "Valid are: :exact."),
        ("born=lt2020", "does not allow the prefix 'lt'. Valid are: eq, gt"),
        ("_filter=born lt 2020", "does not allow the prefix 'lt'"),
        ("born=gt2019&born=2020", "'born' stands more than once"),
        ("gp:missing=true", "Valid are: :[type], :identifier."),
        ("gp.birthdate=2020", "does not allow a chain to 'birthdate'. Valid are: name"),
        ("gp._has:PractitionerRole:practitioner:active=true", "does not allow a chain to '_has'"),
        ("_filter=gp.birthdate eq 2020", "does not allow a chain to 'birthdate'"),
    ],
)
def test_what_the_definition_leaves_out_is_refused(narrow: Registry, query: str, reason: str) -> None:
    with pytest.raises(InvalidSearch) as refusal:
        understand(narrow, ["Patient"], query)
    assert reason in refusal.value.issues[0].text.render()


@pytest.mark.parametrize(
    ("type", "way"),
    [
        ("Observation", "subject"),
        ("Observation", "subject:Patient"),
        ("Group", "_has:Observation:subject:patient"),
    ],
)
def test_definitions_count_at_the_end_of_a_way_too(narrow: Registry, type: str, way: str) -> None:
    understand(narrow, [type], f"{way}.nick=a&{way}.nick=b")
    with pytest.raises(InvalidSearch, match="2 values"):
        understand(narrow, [type], f"{way}.nick=a,b")


def test_a_parameter_that_may_stand_once_may_end_each_of_two_ways(narrow: Registry) -> None:
    understand(narrow, ["Observation"], "subject.born=2020&performer.born=2020")
    with pytest.raises(InvalidSearch, match="more than once"):
        understand(narrow, ["Observation"], "subject.born=2020&subject.born=gt2019")


def test_composites_of_r4_take_several_values_as_its_page_on_searching_says(registry: Registry) -> None:
    """https://hl7.org/fhir/R4/search.html#composite"""
    understand(registry, ["Group"], "characteristic-value=gender$mixed,owner$john-smith")
