"""Checks of profiles and extensions: they only narrow their base, so that a snapshot can be generated.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import type_url
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import Snapshot
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.checks.discriminators import discriminator_issues
from fhir_server.validation.findings import excerpt, quoted_list, shortened

KEY = "snapshot"
_EXTENSION = type_url("Extension")
_BOUND = frozenset({
    "code", "Coding", "CodeableConcept", "string", "uri", "url", "canonical", "oid", "uuid", "Quantity",
    "SimpleQuantity", "Age", "Count", "Distance", "Duration", "Money", "MoneyQuantity",
})  # fmt: skip
"""Types that may have a binding: eld-11, and those derived from what it names."""
_OF_OTHERS = ("not-found", "incomplete")
"""Codes of issues that cannot be decided here, or are caused by other definitions."""


class StructureDefinitionCheck:
    """Generates the snapshot of a profile and reports each element of the differential that fails."""

    types = frozenset({"StructureDefinition"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        """An error for each faulty element; a warning if another definition is at fault."""
        yield from _own_consistency(resource)
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
        yield from _kind(resource, context.registry)
        yield from _bindings(lines, snapshot)
        yield from _profiles(lines, context.registry)
        yield from discriminator_issues(lines, snapshot, context.registry)
        if resource.get("baseDefinition") == _EXTENSION:
            yield from _own_url(resource["url"], lines)


def _own_consistency(structure: Resource) -> Iterator[Issue]:
    """Check that type, baseDefinition and derivation agree."""
    type_name, derivation = structure.get("type"), structure.get("derivation")
    if "context" in structure and type_name != "Extension":
        text = messages.CONTEXT_UNWANTED(type=shortened(str(type_name)))
        yield finding("warning", "invalid", "extension-context", text, "StructureDefinition.context")
    if "baseDefinition" in structure and derivation is None:
        text = messages.DERIVATION_MISSING()
        yield finding("warning", "required", "derivation", text, "StructureDefinition.derivation")
    if derivation == "specialization" and structure.get("baseDefinition") == type_url(str(type_name)):
        text = messages.TYPE_NOT_NEW(type=shortened(str(type_name)))
        yield finding("warning", "invalid", "derivation", text, "StructureDefinition.type")


def _constraints(structure: Resource, context: CheckContext) -> Iterator[Issue]:
    """Check that the invariants of the differential can be parsed."""
    for index, line in enumerate(structure.get("differential", {}).get("element", ())):
        for number, constraint in enumerate(line.get("constraint", ())):
            if "expression" in constraint:
                place = f"StructureDefinition.differential.element[{index}].constraint[{number}].expression"
                yield from _expression(constraint["expression"], place, context)


def _context_invariants(structure: Resource, context: CheckContext) -> Iterator[Issue]:
    """Check that the context invariants of an extension can be parsed."""
    for index, expression in enumerate(structure.get("contextInvariant", ())):
        yield from _expression(expression, f"StructureDefinition.contextInvariant[{index}]", context)


def _expression(expression: str, place: str, context: CheckContext) -> Iterator[Issue]:
    try:
        context.paths.check(expression)
    except FhirPathError as error:
        text = messages.EXPRESSION_UNREADABLE(reason=shortened(str(error)))
        yield finding("warning", "invalid", "expression", text, place)


def _order(lines: Any, places: Mapping[str, int]) -> Iterator[Issue]:
    """Check that the differential is in the order of the type's elements."""
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


def _kind(structure: Resource, registry: Registry) -> Iterator[Issue]:
    """Check that a profile has the same kind as the type that it constrains."""
    kind, right = structure.get("kind"), registry.snapshot(structure["baseDefinition"]).kind
    if kind is not None and kind != right:
        text = messages.KIND_DIFFERS(kind=excerpt(kind), right=right)
        yield finding("warning", "invalid", "derivation", text, "StructureDefinition.kind")


def _bindings(lines: Any, snapshot: Snapshot) -> Iterator[Issue]:
    """Check that elements with a binding have types with codes, strings or URIs."""
    types = {
        element["id"]: {type["code"] for type in element.get("type", ())} for element in snapshot.elements
    }
    for index, line in enumerate(lines):
        found = types.get(line.get("id") or line.get("path", ""))
        if "binding" in line and found and _BOUND.isdisjoint(found):
            text = messages.BINDING_UNWANTED(types=quoted_list(sorted(found)))
            place = f"StructureDefinition.differential.element[{index}].binding"
            yield finding("warning", "invalid", "binding-type", text, place)


def _profiles(lines: Any, registry: Registry) -> Iterator[Issue]:
    """Check that the known profiles of an element's type constrain this type, or a concrete type derived from
    it.
    """
    for index, line in enumerate(lines):
        for number, type in enumerate(line.get("type", ())):
            for position, canonical in enumerate(type.get("profile", ())):
                found = _type_of(canonical, registry)
                if found is None or type.get("code") in _type_and_abstract_bases(found, registry):
                    continue
                text = messages.TYPE_PROFILE(url=canonical, found=found, type=excerpt(type.get("code")))
                place = (
                    f"StructureDefinition.differential.element[{index}].type[{number}].profile[{position}]"
                )
                yield finding("warning", "invalid", "derivation", text, place)


def _type_of(canonical: str, registry: Registry) -> str | None:
    """The type that a profile constrains; None if the profile is unknown or faulty."""
    try:
        return registry.snapshot(canonical.partition("#")[0]).type
    except (KeyError, SnapshotError):
        return None


def _type_and_abstract_bases(name: str, registry: Registry) -> Iterator[str]:
    """A type and its abstract base types; concrete ones do not count: a Count may not replace a Quantity."""
    yield name
    base = registry.type(name).base
    while base:
        if registry.type(base).abstract:
            yield base
        base = registry.type(base).base


def _own_url(url: str, lines: Any) -> Iterator[Issue]:
    """Check that an extension fixes `Extension.url` to the url of its definition."""
    stated = [line.get("fixedUri") for line in lines if line.get("path") == "Extension.url"]
    if url not in stated:
        text = messages.EXTENSION_URL(url=excerpt(url))
        place = "StructureDefinition.differential"
        yield finding("warning", "invalid", "extension-url", text, place)
