"""Targets of references in profiles: their types, profiles and aggregation modes.

https://hl7.org/fhir/R4/references.html
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from fhir_server.core.reference import parse_reference
from fhir_server.issues import Template
from fhir_server.validation.findings import Finding, Findings, quoted_list
from fhir_server.validation.messages import REFERENCE_TARGET
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.value_checks import ValueCheck
from fhir_server.validation.references import stated_type, type_disagreement

Mismatch = Callable[[Any, tuple[str, ...], ValidationContext], Finding | None]
"""The first error of a resource that satisfies none of some profiles; None if it does or none is known."""

_WHERE: Mapping[str, Template] = {
    "contained": messages.AGGREGATION_CONTAINED,
    "referenced": messages.AGGREGATION_REFERENCED,
    "bundled": messages.AGGREGATION_BUNDLED,
}


def target_type(reference: Mapping[str, Any], context: ValidationContext) -> str:
    """The type of a reference's target: of the resource if it is found, else as the reference states it."""
    text = reference.get("reference")
    if type(text) is str:
        target = context.find(text)
        if target is not None:
            return str(target.get("resourceType"))
        if named := parse_reference(text).type:
            return named
    return stated_type(reference.get("type"))


def target_check(
    profiles: tuple[str, ...], types: frozenset[str], mismatch: Mismatch, free: frozenset[str] = frozenset()
) -> ValueCheck:
    """The check that a Reference leads to one of some types (empty for any) and satisfies one of some
    profiles.

    Targets of a `free` type need not satisfy a profile.
    """

    def check(value: Any, context: ValidationContext) -> Findings:
        if type(value) is not dict:
            return None
        found = target_type(value, context)
        if types and found and found not in types:
            text = REFERENCE_TARGET(type=found, targets=quoted_list(sorted(types)))
            return [Finding("value", text, ".reference" if "reference" in value else "")]
        text_of = value.get("reference")
        if not profiles or found in free or type(text_of) is not str:
            return None
        target = context.find(text_of)
        reason = mismatch(target, profiles, context) if target is not None else None
        if reason is None:
            return None
        told = reason.text.template(**{**reason.text.values, "here": f"{found}{reason.where}"})
        text = messages.REFERENCE_PROFILE(type=found, profiles=quoted_list(profiles), reason=told)
        return [Finding("structure", text, ".reference")]

    return check


def agreement_check(value: Any, context: ValidationContext) -> Findings:
    """Check that `Reference.type` is the type of the Bundle entry that the reference leads to.

    Only for references whose text names no type; the structural validation checks the others.
    """
    if context.bundle is None or "type" not in value:
        return None
    text = value.get("reference")
    target = context.bundle.find(text) if type(text) is str and not parse_reference(text).type else None
    found = type_disagreement(str(target.get("resourceType")), value["type"]) if target is not None else None
    return None if found is None else [replace(found, key="reference-type", severity="warning")]


def aggregation_check(modes: Iterable[str]) -> ValueCheck:
    """The check of ElementDefinition.type.aggregation: where the target of a reference must be."""
    wanted = frozenset(modes)

    def check(value: Any, context: ValidationContext) -> Findings:
        text = value.get("reference") if type(value) is dict else None
        if type(text) is not str:
            return None
        if text.startswith("#"):
            mode = {"contained"}
        elif context.bundle is not None and context.bundle.find(text) is not None:
            mode = {"bundled", "referenced"}
        else:
            mode = {"referenced"}
        if mode & wanted:
            return None
        first = next(iter(sorted(wanted)))
        return [Finding("value", messages.AGGREGATION(wanted=_WHERE[first]()), ".reference")]

    return check
