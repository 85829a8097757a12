"""The differentials name elements that R4 has, in R4's order, and nothing that does not exist."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from mappings.sesame.guide import read_guide
from tests.profiles.breakable_elements import elements_below

GUIDE = read_guide()
REGISTRY = Registry.r4().with_guides(GUIDE.resources)
DEFINITIONS = [found for found in GUIDE.resources if found["resourceType"] == "StructureDefinition"]
R4_BASE = "http://hl7.org/fhir/StructureDefinition/"
R4_EXTENSIONS = {f"{R4_BASE}patient-birthPlace", f"{R4_BASE}workflow-episodeOfCare"}


@pytest.fixture(params=DEFINITIONS, ids=lambda found: found["id"])
def definition(request: pytest.FixtureRequest) -> dict[str, Any]:
    found: dict[str, Any] = request.param
    return found


def walk(path: str) -> Iterator[tuple[int, Element]]:
    """Each element on the way down a path, with its place among its siblings."""
    root, *names = path.split(".")
    siblings: Mapping[str, Element] = REGISTRY.type(root).elements
    for name in names:
        element = siblings[name.removesuffix("[x]")]
        assert element.choice == name.endswith("[x]"), path
        yield list(siblings).index(element.name), element
        siblings = elements_below(element)


def test_it_derives_from_a_base_type_of_r4(definition: dict[str, Any]) -> None:
    assert definition["baseDefinition"] == R4_BASE + definition["type"]
    assert REGISTRY.type(definition["type"])
    assert definition["derivation"] == "constraint"
    assert definition["fhirVersion"] == "4.0.1"
    assert definition["abstract"] is False
    assert "snapshot" not in definition


def test_every_element_exists_and_its_id_agrees_with_its_path(definition: dict[str, Any]) -> None:
    elements = definition["differential"]["element"]
    for element in elements:
        assert element["path"] == re.sub(r":[^.]+", "", element["id"])
        assert element.get("sliceName") == (element["id"].rpartition(".")[2].partition(":")[2] or None)
        assert len(list(walk(element["path"]))) == element["path"].count(".")
    assert len({element["id"] for element in elements}) == len(elements)


def test_elements_stand_in_the_order_of_the_base_and_slices_after_what_they_slice(
    definition: dict[str, Any],
) -> None:
    slices: list[str] = []
    places = []
    for element in definition["differential"]["element"]:
        segments = element["id"].split(".")
        slices += [name for name in segments if ":" in name and name not in slices]
        indexes = [0, *(index for index, _ in walk(element["path"]))]
        places.append(
            [(i, slices.index(s) + 1 if ":" in s else 0) for i, s in zip(indexes, segments, strict=True)]
        )
    assert places == sorted(places)


def test_every_slice_belongs_to_a_sliced_element(definition: dict[str, Any]) -> None:
    elements = {element["id"]: element for element in definition["differential"]["element"]}
    for element in elements.values():
        if "sliceName" in element:
            sliced = elements[element["id"].rpartition(":")[0]]
            assert sliced["slicing"]["discriminator"]
            assert sliced["slicing"]["rules"] in ("open", "closed")


def test_types_and_cardinalities_only_narrow_the_base(definition: dict[str, Any]) -> None:
    for element in definition["differential"]["element"][1:]:
        *_, (_, base) = walk(element["path"])
        narrowed = {type["code"] for type in element.get("type", [])}
        allowed = {type.code for type in base.types}
        assert narrowed <= (set(REGISTRY.resource_types) if "Resource" in allowed else allowed), element["id"]
        if "max" in element and element["max"] != "*":
            assert base.max is None or int(element["max"]) <= base.max, element["id"]
        if "sliceName" not in element:
            assert element.get("min", base.min) >= base.min, element["id"]


def test_fixed_and_pattern_values_are_of_a_type_the_element_has(definition: dict[str, Any]) -> None:
    for element in definition["differential"]["element"]:
        for name in element:
            for prefix in ("fixed", "pattern", "minValue", "maxValue"):
                if name.startswith(prefix):
                    *_, (_, base) = walk(element["path"])
                    kinds = {type.code.lower() for type in base.types}
                    assert name.removeprefix(prefix).lower() in kinds | {"string"}, element["id"]


def test_profiles_and_value_sets_it_refers_to_exist(definition: dict[str, Any]) -> None:
    known = {found["url"] for found in GUIDE.resources if "url" in found}
    for element in definition["differential"]["element"]:
        for type in element.get("type", []):
            for target in (*type.get("profile", []), *type.get("targetProfile", [])):
                assert target in known | R4_EXTENSIONS or REGISTRY.type(target.removeprefix(R4_BASE))
        if "binding" in element:
            assert REGISTRY.codes(element["binding"]["valueSet"]), element["id"]


def test_rules_compile_and_speak_french(definition: dict[str, Any]) -> None:
    for element in definition["differential"]["element"]:
        for rule in element.get("constraint", []):
            assert re.fullmatch(r"ses-[a-z0-9-]+-\d", rule["key"])
            assert rule["severity"] in ("error", "warning")
            assert len(rule["human"]) > 20
            FhirPath().nodes(rule["expression"], {"resourceType": definition["type"]})


def test_an_extension_says_where_it_may_stand(definition: dict[str, Any]) -> None:
    is_extension = definition["type"] == "Extension"
    assert bool(definition.get("context")) == is_extension
    for context in definition.get("context", []):
        assert REGISTRY.is_resource_type(context["expression"])


def test_no_file_writes_another_sesame_address_than_the_root() -> None:
    text = json.serialise(GUIDE.resources).decode()
    addresses = set(re.findall(r"https://sesame\.example[^\s'\"|]*", text))
    known = {found["url"] for found in GUIDE.resources if "url" in found}
    known |= {identifier["value"] for found in GUIDE.resources for identifier in found.get("uniqueId", ())}
    beginnings = {address for address in addresses if address.endswith("/")}
    assert addresses - beginnings == {url for url in known if url.startswith("https://sesame.example")}
    assert all(any(url.startswith(beginning) for url in known) for beginning in beginnings)


def test_a_membership_beside_other_conditions_stands_in_parentheses(definition: dict[str, Any]) -> None:
    """FHIRPath does not need them; a validator in wide use reads `a in b or c` as `a in (b or c)`."""
    for element in definition["differential"]["element"]:
        for rule in element.get("constraint", ()):
            beside = re.findall(r"[\w.]+ in \([^()]*\)\s*(?:and|or)\b", rule["expression"])
            beside += re.findall(r"\b(?:and|or|implies) [\w.]+ in \(", rule["expression"])
            assert beside == []
