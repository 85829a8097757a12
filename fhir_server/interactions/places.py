"""Places inside a resource, and their definitions."""

from collections.abc import Mapping
from typing import Any

from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.registry_cache import cached_per_registry
from fhir_server.extension import Resource

_HOLDING = frozenset({"contained", "resource", "outcome"})
"""Properties that may hold another resource."""

Step = str | int
Place = tuple[Step, ...]


def at(resource: Resource, place: Place) -> Any:
    """The value at a place."""
    node: Any = resource
    for step in place:
        node = node[step]
    return node


def elements_at(registry: Registry, resource: Resource, place: Place) -> Mapping[str, Element]:
    """The elements that the complex node at `place` may have, by name."""
    elements: Mapping[str, Element] = registry.type(resource["resourceType"]).elements
    node: Any = resource
    for step in place:
        node = node[step]
        if isinstance(step, str):
            elements = _elements_of(registry, elements, step)
        if isinstance(node, dict) and "resourceType" in node:
            elements = registry.type(node["resourceType"]).elements
    return elements


def _elements_of(registry: Registry, elements: Mapping[str, Element], name: str) -> Mapping[str, Element]:
    """The child elements of a JSON property."""
    if name.startswith("_"):
        return registry.type("Element").elements
    element = _element(elements, name)
    return element.children or registry.type(element.json_names()[name].code).elements


def _element(elements: Mapping[str, Element], name: str) -> Element:
    """The element of a JSON property, whose name includes the type for a choice."""
    element = elements.get(name)
    if element is not None and name in element.json_names():
        return element
    return next(element for element in elements.values() if name in element.json_names())


def element_named(elements: Mapping[str, Element], name: str) -> Element | None:
    """The element of a name, which for a choice may include the type: `deceased` or `deceasedBoolean`."""
    return elements.get(name) or next(
        (element for element in elements.values() if name in element.json_names()), None
    )


def type_at(registry: Registry, resource: Resource, place: Place) -> TypeRef:
    """The type of the value at `place`."""
    names = tuple([step for step in place if isinstance(step, str)])
    if _HOLDING.isdisjoint(names):
        return _type_of(registry, resource["resourceType"], names)
    steps = place[:-1] if isinstance(place[-1], int) else place
    return _named(elements_at(registry, resource, steps[:-1]), names[-1])


@cached_per_registry
def _type_of(registry: Registry, type: str, names: tuple[str, ...]) -> TypeRef:
    """The type of the value at a place given by its property names, the same in all resources of a type."""
    elements: Mapping[str, Element] = registry.type(type).elements
    for name in names[:-1]:
        elements = _elements_of(registry, elements, name)
    return _named(elements, names[-1])


def _named(elements: Mapping[str, Element], name: str) -> TypeRef:
    return _element(elements, name).json_names()[name]


def expression(resource: Resource, place: Place) -> str:
    """A place as FHIRPath, such as Patient.name[0].family."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in place]
    return f"{resource['resourceType']}{''.join(steps)}"
