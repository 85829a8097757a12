"""Looking for errors alone finds exactly those that looking for everything finds."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.json import parse
from fhir_server.issues import Issue
from tests.mappings.validity import PROFILES, VALIDATOR
from tests.profiles.examples import examples

FILES = (Path(__file__).parent.parent / "data" / "hl7-r4").glob("*.json")
SMALL = sorted(file for file in FILES if file.stat().st_size < 10_000)
UNKNOWN = "http://example.org/StructureDefinition/unknown"
OWN = [example.resource for example in examples()]

VALUES = st.sampled_from(
    [
        "other",
        "#nothing",
        "urn:uuid:5b0ff5a0-5b3c-4b70-9fbe-f4e8a4cb9b1e",
        {"coding": [{"system": "http://loinc.org", "code": "no such code"}]},
        {"system": "http://hl7.org/fhir/administrative-gender", "code": "no such code"},
        {"start": "2024-02-02", "end": "2024-01-01"},
        {"value": 1, "code": "kg"},
        [{"url": "http://example.org/StructureDefinition/unknown", "valueBoolean": True}],
    ]
)


def errors(issues: list[Issue]) -> list[tuple[Any, ...]]:
    found = [issue for issue in issues if issue.severity == "error"]
    return [(one.code, one.key, one.expression, one.text.render()) for one in found]


def assert_same_errors(resource: Any, *profiles: str) -> None:
    """Where the structure is such that rules make sense, as with everything that is judged by them."""
    if any(issue.code in ("structure", "not-supported") for issue in VALIDATOR.structure(resource)):
        return
    assert errors(VALIDATOR.errors(resource, profiles)) == errors(VALIDATOR.conformance(resource, profiles))


def holders(value: Any) -> Iterator[Any]:
    """Every object and array in a value."""
    yield value
    for inner in value.values() if isinstance(value, dict) else value:
        if isinstance(inner, dict | list):
            yield from holders(inner)


def spoil(resource: Any, data: Any) -> None:
    """Change a member of the resource, at any depth, or leave it out."""
    holder = data.draw(st.sampled_from(list(holders(resource))))
    names = sorted(holder) if isinstance(holder, dict) else range(len(holder))
    name = data.draw(st.sampled_from([name for name in names if name != "resourceType"] or [None]))
    if name is None:
        return
    if data.draw(st.booleans()):
        del holder[name]
    else:
        like = isinstance(holder[name], list)
        value = copy.deepcopy(data.draw(VALUES))
        holder[name] = [value] if like and not isinstance(value, list) else value


@pytest.mark.parametrize("file", SMALL, ids=lambda file: file.stem)
def test_on_official_examples(file: Path) -> None:
    assert_same_errors(parse(file.read_bytes()))


@given(st.data())
def test_on_spoilt_official_examples(data: Any) -> None:
    resource = parse(data.draw(st.sampled_from(SMALL)).read_bytes())
    spoil(resource, data)
    assert_same_errors(resource)


@given(st.data())
def test_on_spoilt_examples_of_profiles(data: Any) -> None:
    resource = copy.deepcopy(data.draw(st.sampled_from(OWN)))
    for _ in range(data.draw(st.integers(1, 3))):
        spoil(resource, data)
    assert_same_errors(resource, *data.draw(st.sampled_from([(), (UNKNOWN,), tuple(PROFILES)[:1]])))


@given(st.data())
def test_no_warning_is_given(data: Any) -> None:
    resource = copy.deepcopy(data.draw(st.sampled_from(OWN)))
    spoil(resource, data)
    if VALIDATOR.structure(resource):
        return
    assert all(issue.severity == "error" for issue in VALIDATOR.errors(resource))


def test_of_more_errors_than_are_of_use_the_same_are_told() -> None:
    assert_same_errors({"resourceType": "Patient", "contact": [{"gender": "male"}] * 150})
