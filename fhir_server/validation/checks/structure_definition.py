"""Whether a profile or extension only narrows what it derives from, so that a snapshot can be made of it.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt, shortened

KEY = "snapshot"
_TYPES = "http://hl7.org/fhir/StructureDefinition/"
_EXTENSION = f"{_TYPES}Extension"
_OF_OTHERS = ("not-found", "incomplete")
"""Codes of what cannot be told here, or has to be mended elsewhere."""


class StructureDefinitionCheck:
    """Makes the snapshot of a profile and tells each line of the differential at which that fails."""

    types = frozenset({"StructureDefinition"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        """An error for a line that is at fault; a warning where the fault is elsewhere."""
        yield from _of_itself(resource)
        yield from _constraints(resource, context)
        if resource.get("derivation") != "constraint" or not {"url", "differential"} <= resource.keys():
            return
        yield from _context_invariants(resource, context)
        try:
            snapshot = context.registry.snapshot_of(resource)
        except SnapshotError as error:
            for issue in error.issues:
                severity: Severity = "warning" if issue.code in _OF_OTHERS else "error"
                yield replace(issue, severity=severity, key=KEY)
            return
        lines = resource["differential"].get("element", ())
        places = {element["id"]: place for place, element in enumerate(snapshot.elements)}
        yield from _order(lines, places)
        if resource.get("baseDefinition") == _EXTENSION:
            yield from _own_url(resource["url"], lines)


def _of_itself(structure: Resource) -> Iterator[Issue]:
    """That type, base and derivation fit each other."""
    type_name, derivation = structure.get("type"), structure.get("derivation")
    if "context" in structure and type_name != "Extension":
        text = messages.CONTEXT_UNWANTED(type=shortened(str(type_name)))
        yield finding("warning", "invalid", "extension-context", text, "StructureDefinition.context")
    if "baseDefinition" in structure and derivation is None:
        text = messages.DERIVATION_MISSING()
        yield finding("warning", "required", "derivation", text, "StructureDefinition.derivation")
    if derivation == "specialization" and structure.get("baseDefinition") == f"{_TYPES}{type_name}":
        text = messages.TYPE_NOT_NEW(type=shortened(str(type_name)))
        yield finding("warning", "invalid", "derivation", text, "StructureDefinition.type")


def _constraints(structure: Resource, context: CheckContext) -> Iterator[Issue]:
    """That the invariants of the differential can be read."""
    for index, line in enumerate(structure.get("differential", {}).get("element", ())):
        for number, constraint in enumerate(line.get("constraint", ())):
            if "expression" in constraint:
                place = f"StructureDefinition.differential.element[{index}].constraint[{number}].expression"
                yield from _expression(constraint["expression"], place, context)


def _context_invariants(structure: Resource, context: CheckContext) -> Iterator[Issue]:
    """That what must hold where an extension stands can be read."""
    for index, expression in enumerate(structure.get("contextInvariant", ())):
        yield from _expression(expression, f"StructureDefinition.contextInvariant[{index}]", context)


def _expression(expression: str, place: str, context: CheckContext) -> Iterator[Issue]:
    try:
        context.paths.check(expression)
    except FhirPathError as error:
        text = messages.EXPRESSION_UNREADABLE(reason=shortened(str(error)))
        yield finding("warning", "invalid", "expression", text, place)


def _order(lines: Any, places: Mapping[str, int]) -> Iterator[Issue]:
    """That the lines follow each other as the elements do."""
    last, before = -1, ""
    for index, line in enumerate(lines):
        id = line.get("id") or line.get("path", "")
        place = places.get(id)
        if place is None:
            continue
        if place <= last:
            text = messages.LINE_ORDER(id=shortened(id), before=shortened(before))
            where = f"StructureDefinition.differential.element[{index}]"
            yield finding("warning", "structure", "element-order", text, where)
        last, before = place, id


def _own_url(url: str, lines: Any) -> Iterator[Issue]:
    """That an extension fixes its url to that of its definition."""
    stated = [line.get("fixedUri") for line in lines if line.get("path") == "Extension.url"]
    if url not in stated:
        text = messages.EXTENSION_URL(url=excerpt(url))
        place = "StructureDefinition.differential"
        yield finding("warning", "invalid", "extension-url", text, place)
