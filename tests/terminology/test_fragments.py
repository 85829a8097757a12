"""The guide's parts of LOINC and CIM-10 hold the codes that it uses, no other; of SNOMED CT it uses none."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_server.codes.terminology import Terminology
from fhir_server.codes.validation import CodeValidator
from fhir_server.codes.validation_results import Place, ValidationOptions
from fhir_server.definitions.layers import Entry, LazyLayer
from fhir_server.definitions.registry import Registry
from mappings.sesame.cohort import demo_cohort
from mappings.sesame.guide import read_guide
from tests.mappings.story import resources
from tests.profiles.examples import examples

GUIDE = read_guide()
REGISTRY = Registry.r4().with_guides(GUIDE.resources)
LOINC = "http://loinc.org"
CIM_10 = "https://smt.esante.gouv.fr/terminologie-cim-10"
SNOMED_CT = "http://snomed.info/sct"
SYSTEMS = (LOINC, CIM_10, SNOMED_CT)
MAPPINGS = Path(__file__).parents[2] / "mappings"
WRITTEN = {LOINC: r"\b(?:LA)?[0-9]{4,6}-[0-9]\b", CIM_10: r"\bF[0-9]{2}\.[0-9]\b"}
"""How the codes look in a program."""


def used(value: Any) -> Iterator[tuple[str | None, str, str | None]]:
    """Every system, code and display below a value: in codings, value sets and concept maps."""
    if isinstance(value, list):
        for item in value:
            yield from used(item)
    elif isinstance(value, dict):
        if value.get("resourceType") == "CodeSystem":
            return
        system = value.get("system")
        entries = [value, *value.get("concept", [])] if isinstance(system, str) else []
        yield from ((system, entry["code"], entry.get("display")) for entry in entries if "code" in entry)
        for element in value.get("element", []) if "source" in value or "target" in value else []:
            yield value.get("source"), element["code"], element.get("display")
            for one in element.get("target", []):
                if "code" in one:
                    yield value.get("target"), one["code"], one.get("display")
        for member in value.values():
            yield from used(member)


def of(system: str, value: Any) -> set[str]:
    return {code for url, code, _ in used(value) if url == system}


def held(system: str) -> set[str]:
    known = REGISTRY.code_system(system)
    return set(known.by_code) if known else set()


def claimed() -> list[dict[str, Any]]:
    return [example.resource for example in examples()]


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_part_is_what_the_guide_uses_and_nothing_else(system: str) -> None:
    assert held(system) == of(system, [*GUIDE.resources, *claimed()])


@pytest.mark.parametrize("system", SYSTEMS)
def test_the_story_and_the_cohort_use_nothing_else(system: str) -> None:
    assert of(system, [resources(), list(demo_cohort())]) <= held(system)


@pytest.mark.parametrize("system", WRITTEN)
def test_the_mappings_use_nothing_else(system: str) -> None:
    written = {
        code
        for file in MAPPINGS.rglob("*.py")
        for code in re.findall(f"[\"']({WRITTEN[system]})[\"']", file.read_text())
    }
    assert written <= held(system)


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_display_that_is_written_is_one_of_the_code(system: str) -> None:
    validator = CodeValidator(Terminology(REGISTRY).view(), ValidationOptions())
    everything = [list(GUIDE.resources), resources(), list(demo_cohort()), claimed()]
    shown = {(code, display) for url, code, display in used(everything) if url == system and display}
    for code, display in shown:
        coding = {"system": system, "code": code, "display": display}
        assert validator.validate_coding_in_system(system, coding, Place()).issues == ()


@pytest.mark.parametrize("system", [LOINC, CIM_10])
def test_a_part_says_whose_it_is(system: str) -> None:
    part = REGISTRY.canonical(system, "CodeSystem")
    assert part is not None
    assert part["content"] == "fragment"
    assert part["count"] == len(part["concept"])
    assert "©" in part["copyright"]
    assert part["publisher"] != GUIDE.resources[0]["publisher"]
    assert "version" not in part


def complete(url: str) -> dict[str, Any]:
    return {
        "resourceType": "CodeSystem",
        "url": url,
        "version": "2.81",
        "status": "active",
        "content": "complete",
        "concept": [{"code": "1-8", "display": "All of it"}],
    }


def test_a_package_that_has_the_whole_system_counts_before_the_part() -> None:
    whole = complete(LOINC)
    entries = (Entry("CodeSystem", LOINC, "2.81", "whole"),)
    known = REGISTRY.with_packages(LazyLayer(entries, lambda _: whole)).code_system(LOINC)
    assert known is not None
    assert (known.content, set(known.by_code)) == ("complete", {"1-8"})


@pytest.mark.parametrize(
    ("url", "content", "code"),
    [
        (LOINC, "not-present", "44249-1"),
        ("http://unitsofmeasure.org", "not-present", "mm[Hg]"),
        ("http://unitsofmeasure.org", "fragment", "mm[Hg]"),
        ("http://hl7.org/fhir/administrative-gender", "not-present", "female"),
        ("urn:iso:std:iso:4217", "not-present", "EUR"),
    ],
)
def test_a_package_that_only_names_a_system_hides_nothing(url: str, content: str, code: str) -> None:
    named = {**complete(url), "content": content, "concept": []}
    entries = (Entry("CodeSystem", url, "2.81", "named"),)
    known = REGISTRY.with_packages(LazyLayer(entries, lambda _: named)).code_system(url)
    assert known is not None
    assert (known.has(code), known.find("nonsense")) == (True, None)


def test_a_package_with_a_part_does_not() -> None:
    part = {**complete(LOINC), "content": "fragment"}
    entries = (Entry("CodeSystem", LOINC, "2.81", "part"),)
    known = REGISTRY.with_packages(LazyLayer(entries, lambda _: part)).code_system(LOINC)
    assert known is not None
    assert "44249-1" in known.by_code
