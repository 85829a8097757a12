"""The details of each code in an expansion: status, extensions, versions, designations, properties.

https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.contains
"""

from typing import Any

import pytest

from tests.codes.sample_terminology import ROOT, code_system, french, url, value_set
from tests.interactions.client import Client
from tests.operations.terminology.conftest import expanded_with, parameters

STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"


def shown_properties(entry: dict[str, Any]) -> dict[str, Any]:
    """The properties of an entry, as R4 writes them."""
    found = {}
    for one in entry.get("extension", ()):
        if one["url"].endswith("expansion.contains.property"):
            code, value = one["extension"]
            found[code["valueCode"]] = next(item for name, item in value.items() if name != "url")
    return found


def test_the_status_of_a_code_that_is_not_active_is_told(care: Client) -> None:
    answer = care.get(f"ValueSet/$expand?url={url('all')}")
    by_code = {contained["code"]: contained for contained in answer.content["expansion"]["contains"]}
    assert by_code["letter"]["inactive"] is True
    assert shown_properties(by_code["letter"]) == {"status": "retired"}
    assert shown_properties(by_code["visit"]) == {}


def test_what_extensions_say_of_a_code_is_repeated(care: Client) -> None:
    own = code_system(
        f"{ROOT}/CodeSystem/own",
        concept=[
            {
                "code": "a",
                "extension": [
                    {"url": f"{STRUCTURE}itemWeight", "valueDecimal": 2},
                    {"url": f"{STRUCTURE}codesystem-conceptOrder", "valueInteger": 6},
                    {"url": f"{STRUCTURE}rendering-style", "valueString": "color: red"},
                    {"url": f"{STRUCTURE}structuredefinition-standards-status", "valueCode": "deprecated"},
                    {"url": "https://example.org/other", "valueString": "not repeated"},
                ],
            }
        ],
    )
    order = {"url": f"{STRUCTURE}valueset-conceptOrder", "valueInteger": 1}
    marked = {"system": own["url"], "concept": [{"code": "a", "extension": [order]}]}
    answer = care.post("ValueSet/$expand", parameters(tx_resource=own, valueSet=value_set("own", marked)))
    (entry,) = answer.content["expansion"]["contains"]
    assert shown_properties(entry) == {"order": 1, "weight": 2, "status": "deprecated"}
    assert entry["extension"][0] == {"url": f"{STRUCTURE}rendering-style", "valueString": "color: red"}
    assert "other" not in str(entry)


def test_every_version_of_a_code_is_listed(care: Client) -> None:
    editions = [
        code_system(f"{ROOT}/CodeSystem/editions", version=version, concept=[{"code": "a"}, {"code": last}])
        for version, last in (("1.0.0", "b"), ("2.0.0", "c"))
    ]
    parts = [{"system": edition["url"], "version": edition["version"]} for edition in editions]

    def listed_in(own: dict[str, Any]) -> list[tuple[str, str]]:
        answer = care.post("ValueSet/$expand", parameters(tx_resource=editions, valueSet=own))
        used = [
            parameter
            for parameter in answer.content["expansion"]["parameter"]
            if parameter["name"] == "used-codesystem"
        ]
        assert len(used) == 2
        return [
            (contained["version"], contained["code"]) for contained in answer.content["expansion"]["contains"]
        ]

    both = [("1.0.0", "a"), ("1.0.0", "b"), ("2.0.0", "a"), ("2.0.0", "c")]
    assert listed_in(value_set("both", *parts)) == both
    newer = value_set("newer", *parts, exclude=[parts[0]])
    assert listed_in(newer) == both[3:]
    newer["compose"]["extension"] = [expanded_with("versionsMatch", valueBoolean=False)]
    assert listed_in(newer) == both[2:]


def test_a_designation_in_another_form_of_the_language_stays(care: Client) -> None:
    own = code_system(
        f"{ROOT}/CodeSystem/own",
        concept=[
            {"code": "a", "display": "A", "designation": [french("Un"), french("Un", language="fr-CA")]}
        ],
    )
    body = parameters(
        tx_resource=own,
        valueSet=value_set("own", {"system": own["url"]}),
        displayLanguage="fr",
        includeDesignations=True,
    )
    (entry,) = care.post("ValueSet/$expand", body).content["expansion"]["contains"]
    assert entry["display"] == "Un"
    assert [designation["language"] for designation in entry["designation"]] == ["en", "fr-CA"]


@pytest.mark.parametrize(
    ("declared", "abstract"),
    [
        ([], True),
        ([{"code": "notSelectable", "type": "boolean"}], True),
        ([{"code": "notSelectable", "type": "boolean", "uri": "https://example.org/other"}], False),
        ([{"code": "ns", "uri": "http://hl7.org/fhir/concept-properties#notSelectable"}], False),
    ],
)
def test_a_property_means_what_its_uri_says(care: Client, declared: list[Any], abstract: bool) -> None:
    own = code_system(
        f"{ROOT}/CodeSystem/own",
        property=declared,
        concept=[{"code": "a", "property": [{"code": "notSelectable", "valueBoolean": True}]}],
    )
    body = parameters(tx_resource=own, valueSet=value_set("own", {"system": own["url"]}))
    (entry,) = care.post("ValueSet/$expand", body).content["expansion"]["contains"]
    assert entry.get("abstract", False) is abstract
