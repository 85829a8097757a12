"""Checks of element ids: they are unique within a resource.

https://hl7.org/fhir/R4/element-definitions.html#Element.id
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core import json
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt

_WITH_IDS_OF_THEIR_OWN = frozenset({"snapshot", "differential"})
"""The two views of a StructureDefinition: an element has the same id in both, and rules of R4 say
the rest.
"""

Steps = tuple[tuple[str, int | None], ...]
"""The JSON properties that lead to an element, each with its index where it is a list."""


class ElementIdCheck:
    """Checks that no two elements of a resource have the same id. Nested resources are checked separately."""

    types: frozenset[str] = frozenset()

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        if context.errors_only or not _may_repeat(resource):
            return
        seen: set[str] = set()
        type = resource["resourceType"]
        for id, steps in _identified(resource, ()):
            if type == "StructureDefinition" and steps[0][0] in _WITH_IDS_OF_THEIR_OWN:
                continue
            if id in seen:
                place = _place(type, steps, context.registry)
                text = messages.ELEMENT_ID_TWICE(id=excerpt(id))
                yield finding("warning", "duplicate", "element-id", text, place)
            seen.add(id)


def _may_repeat(resource: Resource) -> bool:
    """Whether several elements have ids at all: a cheap test before the full search."""
    return json.serialise(resource).count(b'"id":') > 1 + ("id" in resource)


def _identified(holder: dict[str, Any], above: Steps) -> Iterator[tuple[str, Steps]]:
    """The elements below that have an id."""
    for name, value in holder.items():
        if type(value) is dict:
            items: list[tuple[int | None, Any]] = [(None, value)]
        elif type(value) is list:
            items = [*enumerate(value)]
        else:
            continue
        for index, item in items:
            if type(item) is not dict or "resourceType" in item:
                continue
            steps = (*above, (name, index))
            if type(id := item.get("id")) is str:
                yield id, steps
            yield from _identified(item, steps)


def _place(type_name: str, steps: Steps, registry: Registry) -> str:
    """The FHIRPath of an element."""
    place, elements = type_name, registry.type(type_name).elements
    for name, index in steps:
        called = name.removeprefix("_")
        element, ref = next(
            (element, names[called])
            for element in elements.values()
            if called in (names := element.json_names())
        )
        place += element.step(ref) + ("" if index is None else f"[{index}]")
        elements = element.children or registry.type(ref.code).elements
    return place
