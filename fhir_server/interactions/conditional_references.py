"""Conditional references: `Patient?identifier=a|b` in place of `Patient/123`.

https://hl7.org/fhir/R4/http.html#trules
"""

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any

from fhir_server.errors import FhirError, PreconditionFailed
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.criteria import Criteria, find_matches, parse_criteria
from fhir_server.interactions.literal_references import placed
from fhir_server.store.port import UnitOfWork

Rewrite = Callable[[str], str]

_CONDITIONAL = re.compile(r"([A-Z][A-Za-z]+)/?\?(.+)")
_BY_IDENTIFIER = re.compile(r"[A-Z][A-Za-z]+\?identifier=[^&]+")
_WRITTEN_CONDITIONAL = re.compile(rb'"reference":"[A-Z][A-Za-z]+/?\?')


def may_hold_conditional_references(serialised: bytes) -> bool:
    """Whether compact JSON may hold one: a quick test that saves a walk through most resources."""
    return b"?" in serialised and _WRITTEN_CONDITIONAL.search(serialised) is not None


class ConditionalReferences:
    """Resolves the conditional references of a unit of work.

    Targets found by identifier are cached until the unit writes a resource of their type: the lock of the
    identifier keeps other writers from changing them.
    """

    def __init__(self, unit: UnitOfWork, engine: Engine, base_url: str) -> None:
        self._unit = unit
        self._engine = engine
        self._base_url = base_url
        self._targets: dict[str, str] = {}

    def target(self, reference: str) -> str:
        """The one match of a reference such as `Patient?identifier=a|b`; any other reference itself.

        Raises `PreconditionFailed` when there is no match, or more than one.
        """
        if (known := self._targets.get(reference)) is not None:
            return known
        conditional = _conditional(reference, self._engine)
        if conditional is None:
            return reference
        wanted = parse_criteria(conditional[1], conditional[2], "reference")
        found = find_matches(self._unit, self._engine, wanted, self._base_url)
        if not found:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_UNMATCHED(reference=reference), code="not-found"
            )
        if len(found) > 1:
            raise PreconditionFailed.of(
                messages.CONDITIONAL_REFERENCE_AMBIGUOUS(reference=reference), code="multiple-matches"
            )
        if _BY_IDENTIFIER.fullmatch(reference):
            self._targets[reference] = found[0].reference
            self._engine.reference_targets.add(reference, found[0].reference)
        return found[0].reference

    def written(self, type: str) -> None:
        """Drop the cached targets of a type that was written."""
        for reference in tuple(self._targets):
            if reference.startswith(f"{type}?"):
                del self._targets[reference]


class UnknownTarget(Exception):
    """The target of a conditional reference is not cached."""


class SpeculativeReferences:
    """Resolves conditional references from the cache, before there is a unit of work. `targets` are those
    resolved so far.
    """

    def __init__(self, engine: Engine) -> None:
        self.targets: dict[str, str] = {}
        self._engine = engine

    def target(self, reference: str) -> str:
        """The cached target of a conditional reference; any other itself. Raises `UnknownTarget`."""
        if _conditional(reference, self._engine) is None:
            return reference
        known = self._engine.reference_targets.get(reference)
        if known is None:
            raise UnknownTarget
        self.targets[reference] = known
        return known


def resolve_conditional_references(resource: Resource, target: Rewrite) -> Resource:
    """The resource with each conditional reference replaced by its target. Errors of `target` are located at
    the reference. The resources inside a Bundle stay as they are.
    """
    if resource["resourceType"] == "Bundle":
        return resource
    last = ""

    def noted(reference: str) -> str:
        nonlocal last
        last = reference
        return target(reference)

    try:
        rewritten: Resource = _rewrite_references(resource, noted)
    except FhirError as error:
        raise placed(error, resource, last) from error
    return rewritten


def _conditional(reference: str, engine: Engine) -> re.Match[str] | None:
    """The type and the criteria of a conditional reference, as groups 1 and 2; None for any other."""
    found = _CONDITIONAL.fullmatch(reference) if "?" in reference else None
    return found if found is not None and engine.registry.is_resource_type(found[1]) else None


def target_types(references: Iterable[str], engine: Engine) -> frozenset[str]:
    """The target types of the conditional ones among some references."""
    found = [_conditional(reference, engine) for reference in references]
    return frozenset([conditional[1] for conditional in found if conditional])


def criteria_of(references: Iterable[str], engine: Engine) -> Iterator[Criteria]:
    """The criteria of the conditional ones among some references. Invalid ones are skipped: they are reported
    when they are resolved.
    """
    for reference in references:
        conditional = _conditional(reference, engine)
        if conditional is not None:
            with suppress(FhirError):
                yield parse_criteria(conditional[1], conditional[2], "reference")


def _rewrite_references(node: Any, rewrite: Rewrite) -> Any:
    """A copy with every `Reference.reference` rewritten. Primitive values are shared with the original."""
    if type(node) is list:
        return [_rewrite_references(item, rewrite) for item in node]
    if type(node) is not dict:
        return node
    copy = {}
    for name, value in node.items():
        if type(value) is dict or type(value) is list:
            copy[name] = _rewrite_references(value, rewrite)
        else:
            copy[name] = rewrite(value) if name == "reference" and type(value) is str else value
    return copy
