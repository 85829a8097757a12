"""The profiles of the programmes' guides have snapshots."""

from typing import Any

import pytest

from fhir_server.definitions.registry import Registry
from mappings.sesame.guide import read_guide

GUIDE = read_guide()
REGISTRY = Registry.r4().with_guides(GUIDE.resources)


@pytest.mark.parametrize(
    "structure",
    [resource for resource in GUIDE.resources if resource["resourceType"] == "StructureDefinition"],
    ids=lambda one: one["id"],
)
def test_every_profile_of_the_guide_has_a_snapshot(structure: dict[str, Any]) -> None:
    snapshot = REGISTRY.snapshot(structure["url"])
    ids = {element["id"] for element in snapshot.elements}
    assert len(ids) == len(snapshot.elements)
    assert {line["id"] for line in structure["differential"]["element"]} <= ids
