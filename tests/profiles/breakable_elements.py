"""The elements and rules of a differential that an instance can violate."""

from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry

Definition = Mapping[str, Any]

BASE = Registry.r4()


def keys(definition: Definition) -> set[str]:
    """The keys of its rules."""
    elements = definition["differential"]["element"]
    return {rule["key"] for element in elements for rule in element.get("constraint", ())}


def breakable(definition: Definition) -> set[str]:
    """The ids of the elements with a cardinality, value, choice of types or required binding of their own.

    What tells a slice from its neighbours is no rule: an item that lacks it belongs to no slice.
    """
    elements = {element["id"]: element for element in definition["differential"]["element"]}
    marks = {mark for id in elements if ":" in id.rpartition(".")[2] for mark in _marks(elements, id)}
    return {
        id for id, element in elements.items() if "." in id and any(_states(element, is_mark=id in marks))
    }


def _marks(elements: Mapping[str, Definition], slice_id: str) -> Iterator[str]:
    for discriminator in elements[slice_id.rpartition(":")[0]]["slicing"]["discriminator"]:
        path = discriminator["path"]
        yield slice_id if path == "$this" else f"{slice_id}.{path}"


def _states(element: Definition, *, is_mark: bool) -> Iterator[bool]:
    base = element_of(element["path"])
    is_slice = "sliceName" in element
    if not is_mark:
        yield element.get("min", 0) > (0 if is_slice else base.min)
        yield any(name.startswith(("fixed", "pattern")) for name in element)
    if element.get("max", "*") != "*":
        yield is_slice or base.max is None or int(element["max"]) < base.max
    yield element.get("binding", {}).get("strength") == "required"
    yield any(name.startswith(("minValue", "maxValue")) for name in element)
    if "type" in element and base.choice:
        yield {type["code"] for type in element["type"]} < {type.code for type in base.types}


def element_of(path: str) -> Element:
    """The element of R4 at a path such as `Patient.name.family`."""
    root, *names = path.split(".")
    siblings: Mapping[str, Element] = BASE.type(root).elements
    for name in names:
        element = siblings[name.removesuffix("[x]")]
        siblings = elements_below(element)
    return element


def elements_below(element: Element) -> Mapping[str, Element]:
    """The elements of an element, or of its types."""
    below = dict(element.children)
    for type in element.types:
        if type.code not in ("BackboneElement", "Element"):
            below |= BASE.type(type.code).elements
    return below
