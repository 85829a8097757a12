"""Each extension of the guide is refused outside its context, and without its value."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.mappings.validity import GUIDE, errors
from tests.profiles.examples import examples

EXTENSIONS = [
    found
    for found in GUIDE.resources
    if found["resourceType"] == "StructureDefinition" and found["type"] == "Extension"
]
EXAMPLES = {example.name: example for example in examples()}


def extensions(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from extensions(item)
    elif isinstance(value, dict):
        yield from value.get("extension", [])
        for member in value.values():
            yield from extensions(member)


def used(url: str) -> dict[str, Any]:
    """The extension as an example has it."""
    every = (found for example in examples() for found in extensions(example.resource))
    return next(found for found in every if found["url"] == url)


@pytest.fixture(params=EXTENSIONS, ids=lambda found: found["id"])
def definition(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def refused(patient: dict[str, Any]) -> set[str]:
    return {place for error in errors(patient) for place in error.expression}


def test_it_may_not_stand_elsewhere(definition: dict[str, Any]) -> None:
    patient = EXAMPLES["camille"].resource
    patient["extension"].append(used(definition["url"]))
    assert refused(patient) == {"Patient.extension[2]"}


def test_it_needs_its_value(definition: dict[str, Any]) -> None:
    example = next(
        example
        for example in examples()
        if definition["url"] in {found["url"] for found in example.resource.get("extension", [])}
    )
    resource = example.resource
    (place,) = [
        index for index, found in enumerate(resource["extension"]) if found["url"] == definition["url"]
    ]
    resource["extension"][place] = {"url": definition["url"]}
    assert any(at.startswith(f"{resource['resourceType']}.extension[{place}]") for at in refused(resource))
