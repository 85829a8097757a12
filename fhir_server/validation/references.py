"""References: their format, the types of their targets, and references to contained resources.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Callable
from typing import Any

from fhir_server.core.reference import ID, parse_reference
from fhir_server.definitions.elements import STRUCTURES
from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import Check, Finding, Findings, excerpt, quoted_list, shortened
from fhir_server.validation.unknown_elements import suggestion


class ReferenceNode:
    """Checks a Reference whose target must have one of some types; empty means any."""

    __slots__ = ("_check_object", "_is_expected", "_is_resource_type", "_targets")

    def __init__(
        self, check_object: Check, target_types: tuple[str, ...], is_resource_type: Callable[[str], bool]
    ) -> None:
        self._check_object = check_object
        self._is_resource_type = is_resource_type
        self._targets = frozenset(target_types) - {"Resource"}
        types = "|".join(sorted(self._targets)) or "(?!)"
        self._is_expected = re.compile(rf"(?:{types})/{ID}(?:/_history/{ID})?").fullmatch

    def check(self, value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        found = self._check_object(value, None, contained_types)
        if type(value) is not dict:
            return found
        reference = value.get("reference")
        if type(reference) is str:
            # fast path: most references are relative and name an allowed type
            if "type" not in value and self._is_expected(reference):
                return found
            more = self._literal(reference, value.get("type"), contained_types)
        else:
            more = self._stated(value.get("type"))
        return found if more is None else [*(found or ()), more]

    def _literal(self, literal: str, stated: Any, contained_types: ContainedTypes) -> Finding | None:
        reference = parse_reference(literal)
        if reference.kind == "invalid":
            return Finding("value", messages.REFERENCE_FORM(value=excerpt(literal)), ".reference")
        type_name = reference.type
        if reference.kind == "contained":
            contained = contained_types.type_of(reference.id)
            if contained is None:
                text = messages.NOT_CONTAINED(id=shortened(reference.id))
                return Finding("invariant", text, ".reference", key="ref-1")
            type_name = contained
        if self._is_resource_type(type_name):
            return self._target(type_name, ".reference") or type_disagreement(type_name, stated)
        if reference.kind in ("local", "conditional"):
            text = messages.RESOURCE_TYPE_UNKNOWN(type=type_name, hint=suggestion(type_name, self._targets))
            return Finding("value", text, ".reference")
        return self._stated(stated)

    def _target(self, type_name: str, where: str) -> Finding | None:
        if not self._targets or type_name in self._targets:
            return None
        text = messages.REFERENCE_TARGET(type=type_name, targets=quoted_list(sorted(self._targets)))
        return Finding("value", text, where)

    def _stated(self, stated: Any) -> Finding | None:
        """The finding for a `type` element that names a type that is not allowed here."""
        name = stated_type(stated)
        return self._target(name, ".type") if self._is_resource_type(name) else None


def stated_type(stated: Any) -> str:
    """The type that `Reference.type` states, as a name or as the url of its definition; empty if none."""
    return stated.removeprefix(STRUCTURES) if type(stated) is str else ""


def type_disagreement(found: str, stated: Any) -> Finding | None:
    """The finding for a Reference whose target has another type than `Reference.type` states."""
    if stated_type(stated) in ("", found):
        return None
    return Finding("value", messages.REFERENCE_TYPE_DIFFERS(found=found, stated=excerpt(stated)), ".type")
