"""Required bindings to value sets whose codes can be listed.

https://hl7.org/fhir/R4/terminologies.html#required
"""

from typing import Any

from fhir_server.definitions.code_lists import CodeList
from fhir_server.issues import Text
from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import Check, Finding, Findings, excerpt, quoted_list
from fhir_server.validation.unknown_elements import suggestion

_SHOWN_MAX = 20


def bound_code_check(check_format: Check, code_list: CodeList) -> Check:
    """The check of a `code` that must be one of the list."""
    codes = code_list.codes

    def check(value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        if type(value) is str and value in codes:
            return None
        if (found := check_format(value, None, contained_types)) is not None:
            return found
        text = messages.CODE_NOT_IN_VALUE_SET(
            value=excerpt(value), value_set=code_list.value_set, hint=_hint(code_list, value)
        )
        return [Finding("code-invalid", text)]

    return check


def bound_concept_check(check_concept: Check, code_list: CodeList) -> Check:
    """The check of a CodeableConcept that must have at least one coding in the list."""

    def check(value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        found = check_concept(value, None, contained_types)
        if found is not None or any(_is_member(code_list, coding) for coding in value.get("coding", ())):
            return found
        if not value.get("coding"):
            text = messages.NO_CODING(value_set=code_list.value_set, hint=_hint(code_list))
            return [Finding("code-invalid", text)]
        return _no_member(code_list, value["coding"], ".coding")

    return check


def bound_coding_check(check_coding: Check, code_list: CodeList) -> Check:
    """The check of a Coding that must be in the list."""

    def check(value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        found = check_coding(value, None, contained_types)
        if found is not None or _is_member(code_list, value):
            return found
        return _no_member(code_list, [value], "")

    return check


def _is_member(code_list: CodeList, coding: dict[str, Any]) -> bool:
    system = coding.get("system")
    return system is not None and code_list.contains(system, coding.get("code", ""))


def _no_member(code_list: CodeList, codings: list[dict[str, Any]], where: str) -> list[Finding]:
    value = ", ".join(f"{coding.get('system', '')}|{coding.get('code', '')}" for coding in codings[:3])
    text = messages.CODE_NOT_IN_VALUE_SET(
        value=excerpt(value), value_set=code_list.value_set, hint=_hint(code_list)
    )
    return [Finding("code-invalid", text, where)]


def _hint(code_list: CodeList, code: str | None = None) -> Text:
    """All codes of a short list; of a long list the code most similar to the given one."""
    if len(code_list.codes) <= _SHOWN_MAX:
        codes = dict.fromkeys(concept.code for concept in code_list.concepts)
        return messages.USE_ONE_OF(codes=quoted_list(codes))
    return suggestion(code, code_list.codes) if code else messages.NO_HINT()
