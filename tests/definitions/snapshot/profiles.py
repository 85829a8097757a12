"""Profiles written for tests, and the snapshots made of them."""

from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.errors import SnapshotError
from tests.structures import Json, structure

HERE = "https://example.org/StructureDefinition/"
BASE = Registry.r4()


def profile(type: str, *lines: Json, name: str = "a", base: str | None = None, **more: Any) -> Json:
    """A profile of a type, or of the profile called `base`, with these lines; a line may leave out its id."""
    return structure(HERE + name, type, *lines, base=HERE + base if base else None, name=name, **more)


def elements(*profiles: Json) -> dict[str, ElementDefinition]:
    """The elements of the last profile's snapshot by id."""
    registry = BASE.with_guides(profiles)
    found = registry.snapshot(profiles[-1]["url"]).elements
    by_id = {element["id"]: element for element in found}
    assert len(by_id) == len(found)
    return by_id


def complaints(*profiles: Json) -> list[tuple[str, str]]:
    """Where the last profile is faulty, and what is said of it; places in the differential are shortened."""
    registry = BASE.with_guides(profiles)
    with pytest.raises(SnapshotError) as caught:
        registry.snapshot(profiles[-1]["url"])
    return [(_short(issue.expression[0]), issue.text.render()) for issue in caught.value.issues]


def _short(place: str) -> str:
    return place.removeprefix("StructureDefinition.").removeprefix("differential.")
