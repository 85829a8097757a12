"""Companions of primitive elements (`_name`): their extensions, and companions without a value.

https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.validation.findings import Finding, Findings, prefixed
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext, joined
from fhir_server.validation.profiles.value_checks import PropertyCheck


def companion_check(
    name: str, step: str, check_extensions: PropertyCheck, value_set: str | None
) -> PropertyCheck:
    """The check of the companion of the property `name`.

    It checks the extensions, that an id is not alone without value and extensions (ele-1), and warns if a
    code of the required `value_set` is missing.
    """

    def check(value: Any, holder: dict[str, Any], context: ValidationContext) -> Findings:
        found = check_extensions(value, holder, context)
        for place, companion in _without_value(value, holder.get(name)):
            if "extension" not in companion:
                alone = Finding("invariant", messages.ELEMENT_EMPTY(), key="ele-1")
                found = joined(found, prefixed([alone], step + place))
            elif value_set is not None:
                text = messages.CODE_ABSENT(value_set=value_set)
                absent = Finding("code-invalid", text, "", "code-given", "warning")
                found = joined(found, prefixed([absent], step + place))
        return found

    return check


def _without_value(companion: Any, value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each companion without a value, with its index step in an array."""
    if type(companion) is dict and value is None:
        yield "", companion
    elif type(companion) is list:
        values = value if type(value) is list else []
        for index, extras in enumerate(companion):
            if type(extras) is dict and (index >= len(values) or values[index] is None):
                yield f"[{index}]", extras
