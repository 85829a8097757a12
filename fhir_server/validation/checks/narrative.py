"""Checks of narratives: safe to show in a browser (txt-1), and not empty (txt-2).

https://hl7.org/fhir/R4/narrative.html
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.checks.xhtml import problems

WARNINGS = frozenset({"narrative-entity", "narrative-id", "narrative-link", "narrative-place"})


class NarrativeCheck:
    """Checks the narrative of a resource and those of a Composition's sections."""

    types: frozenset[str] = frozenset()

    def check(self, resource: Resource, _context: CheckContext) -> Iterator[Issue]:
        if "text" not in resource and "section" not in resource:
            return
        for place, text in _texts(resource):
            ids = _ids(resource) if "#" in text else ()
            for key, problem in problems(text, ids):
                severity: Severity = "warning" if key in WARNINGS else "error"
                yield finding(severity, "invalid", key, problem, place)


def _ids(resource: Resource) -> set[str]:
    """The ids of a resource, of what it contains, and of its elements."""
    found: set[str] = set()
    waiting: list[Any] = [resource]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            if isinstance(value.get("id"), str):
                found.add(value["id"])
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)
    return found


def _texts(resource: Resource) -> Iterator[tuple[str, str]]:
    """Each narrative with its location."""
    root = resource["resourceType"]
    yield from _text(resource, root)
    if root == "Composition":
        yield from _section_texts(resource.get("section", ()), f"{root}.section")


def _section_texts(sections: Iterable[Any], place: str) -> Iterator[tuple[str, str]]:
    for index, section in enumerate(sections):
        here = f"{place}[{index}]"
        yield from _text(section, here)
        yield from _section_texts(section.get("section", ()), f"{here}.section")


def _text(holder: dict[str, Any], place: str) -> Iterator[tuple[str, str]]:
    text = holder.get("text")
    if isinstance(text, dict) and isinstance(text.get("div"), str):
        yield f"{place}.text.div", text["div"]
