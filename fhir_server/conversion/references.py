"""References to a resource, and those in one: listed, and rewritten with the place where each stands.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

Rewrite = Callable[[str, str], str]

read_identified = re.compile(r"([A-Za-z]+)\?identifier=([^|]+)\|(.+)").fullmatch
"""Takes a reference by an identifier apart: its type, the system and the value."""


def identified(type: str, system: str, value: str) -> str:
    """The reference to the resource that bears an identifier, which is also the search that finds it."""
    return f"{type}?identifier={system}|{value}"


def reference_to(resource: Mapping[str, Any]) -> str:
    """The reference that a stored resource is known by, such as `Patient/12`."""
    return f"{resource['resourceType']}/{resource['id']}"


def references(node: Any) -> Iterator[str]:
    """What every Reference in a resource says."""
    found: list[str] = []

    def note(reference: str, _: str) -> str:
        found.append(reference)
        return reference

    rewritten(node, note)
    yield from found


def rewritten(node: Any, rewrite: Rewrite, place: str = "") -> Any:
    """A copy in which `rewrite` has replaced every reference; it is told each reference and its place, such
    as `participant[0].individual.reference`."""
    if isinstance(node, list):
        return [rewritten(item, rewrite, f"{place}[{index}]") for index, item in enumerate(node)]
    if not isinstance(node, dict):
        return node
    begin = f"{place}." if place else ""
    return {
        name: rewrite(value, begin + name)
        if name == "reference" and isinstance(value, str)
        else rewritten(value, rewrite, begin + name)
        for name, value in node.items()
    }
