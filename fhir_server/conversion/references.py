"""Builds, lists and rewrites references.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rewrite = Callable[[str, str], str]

parse_identifier_reference = re.compile(r"([A-Za-z]+)\?identifier=([^|]+)\|(.+)").fullmatch
"""Split a reference by identifier into type, system and value."""


def reference_by_identifier(type: str, system: str, value: str) -> str:
    """The conditional reference to the resource with an identifier, which is also a search for it."""
    return f"{type}?identifier={system}|{value}"


def reference_to(resource: Mapping[str, Any]) -> str:
    """The literal reference to a stored resource, such as `Patient/12`."""
    return f"{resource['resourceType']}/{resource['id']}"


def references(node: Any) -> Iterator[str]:
    """The texts of all references in a resource."""
    found: list[str] = []

    def note(reference: str, _: str) -> str:
        found.append(reference)
        return reference

    rewrite_references(node, note)
    yield from found


def rewrite_references(node: Any, rewrite: Rewrite, place: str = "") -> Any:
    """A copy in which `rewrite` has replaced every reference.

    `rewrite` takes a reference and its location, such as `participant[0].individual.reference`.
    """
    if isinstance(node, list):
        return [rewrite_references(item, rewrite, f"{place}[{index}]") for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    begin = f"{place}." if place else ""
    return {
        name: rewrite(value, begin + name)
        if name == "reference" and isinstance(value, str)
        else rewrite_references(value, rewrite, begin + name)
        for name, value in node.items()
    }
