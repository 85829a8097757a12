"""References: their form, the types they may point at, and those into `contained`.

https://hl7.org/fhir/R4/references.html
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.core.reference import parse_reference
from fhir_server.issues import Text
from fhir_server.validation import messages
from fhir_server.validation.findings import (
    Check,
    Finding,
    Findings,
    LocalReference,
    excerpt,
    listed,
    shortened,
)
from fhir_server.validation.unknown import nearest

_STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"


class ReferenceNode:
    """Checks a Reference whose target must be of some types; none named means any."""

    __slots__ = ("_check_object", "_is_resource_type", "_targets")

    def __init__(
        self, check_object: Check, target_types: tuple[str, ...], is_resource_type: Callable[[str], bool]
    ) -> None:
        self._check_object = check_object
        self._targets = frozenset(target_types) - {"Resource"}
        self._is_resource_type = is_resource_type

    def check(self, value: Any, _: Any = None) -> Findings:
        found = self._check_object(value, None)
        if type(value) is not dict:
            return found
        reference = value.get("reference")
        if type(reference) is str:
            # most references are relative ones to an allowed type: nothing more to look at
            if "type" not in value and reference.partition("/")[0] in self._targets:
                return found
            if (more := self._literal(reference, value.get("type"))) is not None:
                return [*(found or ()), more]
        elif (more := self._stated(value.get("type"))) is not None:
            return [*(found or ()), more]
        return found

    def _literal(self, literal: str, stated: Any) -> Finding | None:
        reference = parse_reference(literal)
        if reference.kind == "contained":
            local = LocalReference(reference.id, self._targets)
            text = messages.NOT_CONTAINED(id=shortened(reference.id))
            return Finding("invariant", text, ".reference", key="ref-1", local=local)
        if reference.kind == "invalid":
            return Finding("value", messages.REFERENCE_FORM(value=excerpt(literal)), ".reference")
        if self._is_resource_type(reference.type):
            return self._target(reference.type, ".reference") or self._agreement(reference.type, stated)
        if reference.kind in ("local", "conditional"):
            hint = nearest(reference.type, self._targets)
            text = messages.RESOURCE_TYPE_UNKNOWN(type=reference.type, hint=hint)
            return Finding("value", text, ".reference")
        return self._stated(stated)

    def _target(self, type_name: str, where: str) -> Finding | None:
        if not self._targets or type_name in self._targets:
            return None
        return Finding("value", target_text(type_name, self._targets), where)

    def _stated(self, stated: Any) -> Finding | None:
        """The finding that the `type` element names a type that is not allowed here."""
        name = _type_name(stated)
        return self._target(name, ".type") if self._is_resource_type(name) else None

    def _agreement(self, found: str, stated: Any) -> Finding | None:
        name = _type_name(stated)
        if name in ("", found):
            return None
        return Finding("value", messages.REFERENCE_TYPE_DIFFERS(found=found, stated=excerpt(stated)), ".type")


def _type_name(stated: Any) -> str:
    """The type that a Reference's `type` names, alone or as the url of its definition."""
    return stated.removeprefix(_STRUCTURES) if type(stated) is str else ""


def target_text(type_name: str, target_types: Collection[str]) -> Text:
    """The sentence that a reference points at a type it must not."""
    return messages.REFERENCE_TARGET(type=type_name, targets=listed(sorted(target_types)))


def resolved(findings: list[Finding], container: Mapping[str, Any]) -> Findings:
    """The findings without the references that `container` and what it contains answer rightly."""
    remaining = [finding for finding in findings if finding.local is None]
    for finding in findings:
        if (local := finding.local) is None:
            continue
        target = _contained_type(local.id, container)
        if target is None:
            remaining.append(replace(finding, local=None))
        elif local.target_types and target not in local.target_types:
            text = target_text(target, local.target_types)
            remaining.append(Finding("value", text, finding.where))
    return remaining or None


def _contained_type(id: str, container: Mapping[str, Any]) -> str | None:
    """The type of the contained resource with this id; that of the container where the id is empty."""
    if not id:
        return str(container.get("resourceType"))
    contained = container.get("contained")
    for resource in contained if type(contained) is list else ():
        if type(resource) is dict and resource.get("id") == id:
            return str(resource.get("resourceType"))
    return None
