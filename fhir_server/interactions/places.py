"""Places inside a resource, and what R4 says may stand there."""

from collections.abc import Mapping
from typing import Any

from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.definitions.registry import Registry
from fhir_server.extension import Resource

Step = str | int
Place = tuple[Step, ...]


def at(resource: Resource, place: Place) -> Any:
    """What stands at a place."""
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
        if isinstance(step, int):
            continue
        if step.startswith("_"):
            elements = registry.type("Element").elements
            continue
        element = next(e for e in elements.values() if step in e.json_names())
        code = element.json_names()[step].code
        inner = node[0] if isinstance(node, list) else node
        if "resourceType" in inner:
            code = inner["resourceType"]
        elements = element.children or registry.type(code).elements
    return elements


def type_at(registry: Registry, resource: Resource, place: Place) -> TypeRef:
    """The type of what stands at `place`."""
    steps = place[:-1] if isinstance(place[-1], int) else place
    elements = elements_at(registry, resource, steps[:-1])
    name = str(steps[-1])
    return next(e.json_names()[name] for e in elements.values() if name in e.json_names())


def expression(resource: Resource, place: Place) -> str:
    """A place as FHIRPath, such as Patient.name[0].family."""
    steps = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in place]
    return f"{resource['resourceType']}{''.join(steps)}"
