"""Whether a Coding is in the value set that a Questionnaire names, its own contained ones included.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.answerValueSet
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.validation.checks.check import CheckContext

Known = bool | None
"""Yes, no, or None where it cannot be known here."""


def is_member(
    value_set: str, coding: Mapping[str, Any], questionnaire: Mapping[str, Any], context: CheckContext
) -> Known:
    """Whether the code is in the value set, at `url`, `url|version` or `#id`; one of no system is in none."""
    system, code = coding.get("system"), coding["code"]
    if system is None:
        return False
    if not value_set.startswith("#"):
        return context.codes.contains(value_set, system, code)
    contained = (
        contained for contained in questionnaire.get("contained", ()) if contained.get("id") == value_set[1:]
    )
    own = next(contained, None)
    return None if own is None else context.codes.contains_in(own, system, code)
