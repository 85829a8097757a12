"""Bindings of every strength, checked by the terminology service.

https://hl7.org/fhir/R4/terminologies.html#strength
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.definitions.snapshot.base_types import MAX_VALUE_SET
from fhir_server.issues import Severity, Template
from fhir_server.validation.checks.check import Codes
from fhir_server.validation.fhirpath.comparison import bare_value
from fhir_server.validation.findings import Finding, Findings, excerpt
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext
from fhir_server.validation.profiles.value_checks import ValueCheck

QUANTITY_TYPES = ("Quantity", "Age", "Count", "Distance", "Duration")
CODED = frozenset({
    "code", "Coding", "CodeableConcept", "string", "uri", "url", "canonical", "id", "markdown",
    *QUANTITY_TYPES,
})  # fmt: skip
"""The types that a binding applies to; other types of a choice element are not checked."""

_OUTSIDE: Mapping[str, tuple[Severity, Template]] = {
    "required": ("error", messages.CODE_OUTSIDE_REQUIRED),
    "extensible": ("warning", messages.CODE_OUTSIDE_EXTENSIBLE),
    "preferred": ("information", messages.CODE_OUTSIDE_PREFERRED),
}

SystemAndCode = tuple[str | None, str]


def binding_checks(
    codes: Codes, strength: str, value_set: str | None, maximum: str | None, errors_only: bool
) -> list[ValueCheck]:
    """The checks of a binding, and of its maximum value set, which applies at any strength."""
    checks = []
    if value_set and strength in _OUTSIDE and not (errors_only and strength != "required"):
        checks.append(_check(codes, strength, value_set))
    if maximum and strength != "required":
        checks.append(_check(codes, "required", maximum))
    return checks


def maximum_check(codes: Codes, value_set: str) -> ValueCheck:
    """The check of the maximum value set that R4 gives an open binding, such as all languages.

    It only warns, because systems in use send other codes.
    """

    def check(value: Any, _: ValidationContext) -> Findings:
        pairs = codes_of(value)
        if not pairs or contains_any(codes, value_set, pairs) is not False:
            return None
        text = messages.CODE_OUTSIDE_REQUIRED(value=_shown(pairs), value_set=value_set)
        return [Finding("code-invalid", text, key="max-value-set", severity="warning")]

    return check


def maximum_value_set(binding: Mapping[str, Any]) -> str | None:
    """The maximum value set of a binding, from its extension."""
    for extension in binding.get("extension", ()):
        if extension.get("url") == MAX_VALUE_SET:
            found = extension.get("valueCanonical") or extension.get("valueUri")
            return str(found) if found else None
    return None


def _check(codes: Codes, strength: str, value_set: str) -> ValueCheck:
    severity, message = _OUTSIDE[strength]

    def check(value: Any, _: ValidationContext) -> Findings:
        pairs = codes_of(value)
        if pairs is None:
            return None
        if not pairs:
            return None if strength == "preferred" else [_not_given(severity, value_set)]
        inside = contains_any(codes, value_set, pairs)
        if inside:
            return None
        shown = _shown(pairs)
        if inside is None:
            text = messages.CODE_NOT_CHECKED(value=shown, value_set=value_set)
            return [Finding("not-supported", text, severity="warning")]
        return [Finding("code-invalid", message(value=shown, value_set=value_set), severity=severity)]

    return check


def _shown(pairs: list[SystemAndCode]) -> str:
    return ", ".join(excerpt(code if system is None else f"{system}|{code}") for system, code in pairs[:3])


def _not_given(severity: Severity, value_set: str) -> Finding:
    return Finding("code-invalid", messages.CODE_NOT_GIVEN(value_set=value_set), severity=severity)


def contains_any(codes: Codes, value_set: str, pairs: list[SystemAndCode]) -> bool | None:
    """Whether one of the codes is in the value set; None if that is unknown."""
    unknown = False
    for system, code in pairs:
        found = codes.contains(value_set, system, code)
        if found:
            return True
        unknown |= found is None
    return None if unknown else False


def codes_of(value: Any) -> list[SystemAndCode] | None:
    """The systems and codes of a code, Coding, CodeableConcept or Quantity; None if the value cannot have
    any.
    """
    value = bare_value(value)
    if type(value) is str:
        return [(None, value)]
    if type(value) is not dict:
        return None
    if "coding" in value or "text" in value:
        codings = value.get("coding", ())
        return [
            (coding.get("system") or "", coding["code"])
            for coding in codings
            if type(coding.get("code")) is str
        ]
    if type(value.get("code")) is str:
        return [(value.get("system") or "", value["code"])]
    return None if "value" in value else []
