"""Whether a Coding is in the value set that a Questionnaire names, its own contained ones included.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerValueSet
"""

from collections.abc import Iterable, Mapping
from typing import Any

from fhir_server.core.reference import parse_canonical
from fhir_server.validation.checks.check import CheckContext

Known = bool | None
"""Yes, no, or None where it cannot be known here."""


def is_member(
    value_set: str, coding: Mapping[str, Any], questionnaire: Mapping[str, Any], context: CheckContext
) -> Known:
    """Whether the code is in the value set."""
    if value_set.startswith("#"):
        return _in_contained(value_set[1:], coding, questionnaire, context)
    canonical = parse_canonical(value_set)
    version = canonical.version or None
    return context.codes.contains(canonical.url, coding.get("system"), coding["code"], version=version)


def _in_contained(
    id: str, coding: Mapping[str, Any], questionnaire: Mapping[str, Any], context: CheckContext
) -> Known:
    contained = [one for one in questionnaire.get("contained", ()) if one.get("id") == id]
    compose = contained[0].get("compose") if contained else None
    if not compose:
        return None
    included = _any(_in_part(part, coding, context) for part in compose.get("include", ()))
    excluded = _any(_in_part(part, coding, context) for part in compose.get("exclude", ()))
    return included if excluded is False else (None if excluded is None and included else False)


def _in_part(part: Mapping[str, Any], coding: Mapping[str, Any], context: CheckContext) -> Known:
    """Whether one part of a composition selects the code."""
    system, code = coding.get("system"), coding["code"]
    found: list[Known] = [context.codes.contains(url, system, code) for url in part.get("valueSet", ())]
    if "system" in part:
        found.append(_in_system(part, system, code, context))
    if False in found:
        return False
    return None if None in found else bool(found)


def _in_system(part: Mapping[str, Any], system: Any, code: str, context: CheckContext) -> Known:
    if system != part["system"]:
        return False
    if "concept" in part:
        return any(one.get("code") == code for one in part["concept"])
    if part.get("filter"):
        return None
    known = context.registry.code_system(part["system"])
    if known is None or (code not in known.by_code and known.content != "complete"):
        return None
    return code in known.by_code


def _any(found: Iterable[Known]) -> Known:
    """Whether one at least is true; None where that hangs on what is not known."""
    answers = list(found)
    return True if True in answers else (None if None in answers else False)
