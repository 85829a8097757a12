"""Codes and identifiers. https://hl7.org/fhir/R4/search.html#token"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.search.oracle.texts import plain, split, unescape

SYSTEMS = {
    "Patient.gender": "http://hl7.org/fhir/administrative-gender",
    "Practitioner.gender": "http://hl7.org/fhir/administrative-gender",
    "Patient.address.use": "http://hl7.org/fhir/address-use",
    "Observation.status": "http://hl7.org/fhir/observation-status",
    "Encounter.status": "http://hl7.org/fhir/encounter-status",
    "CarePlan.status": "http://hl7.org/fhir/request-status",
    "CarePlan.intent": "http://hl7.org/fhir/request-intent",
    "Group.type": "http://hl7.org/fhir/group-type",
    "Questionnaire.subjectType": "http://hl7.org/fhir/resource-types",
    "Questionnaire.status": "http://hl7.org/fhir/publication-status",
}
"""The system of a `code` is implicit: "defined in the value set" that the element is bound to."""


CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
PARENTS = {"recurrence": "active", "relapse": "active", "remission": "inactive", "resolved": "inactive"}
"""What subsumes each code of the one system here that has levels."""

VALUE_SETS = {
    "http://hl7.org/fhir/ValueSet/condition-clinical": {"active", "inactive", *PARENTS},
}
"""The codes of value sets, all of that system."""


class Token(NamedTuple):
    system: str | None
    code: str | None


def tokens(data: Any, type: str, path: str) -> Iterator[Token]:
    """The system and code of an element, by R4's table of data types."""
    match type:
        case "Coding":
            yield Token(data.get("system"), data.get("code"))
        case "CodeableConcept":
            for coding in data.get("coding", ()):
                yield from tokens(coding, "Coding", path)
        case "Identifier":
            yield Token(data.get("system"), data.get("value"))
        case "ContactPoint":
            yield Token(None, data.get("value"))
        case "code":
            yield Token(SYSTEMS[path], data)
        case "boolean":
            yield Token(None, "true" if data else "false")
        case "string" | "id" | "uri" | "canonical":
            yield Token(None, data)
        case _:
            raise ValueError(type)


def matches(text: str, data: Any, type: str, path: str) -> bool:
    """`[code]`, `[system]|[code]`, `|[code]` or `[system]|`."""
    *system, code = [unescape(part) for part in split(text, "|")]
    fold = str.lower if type == "string" else str
    return any(
        (not system or system[0] == (token.system or ""))
        and (not code or fold(code) == fold(token.code or ""))
        for token in tokens(data, type, path)
    )


def in_matches(text: str, data: Any, type: str, path: str) -> bool:
    """:in, "whether the coding is in the specified value set"."""
    codes = VALUE_SETS[unescape(text)]
    return any(token.system == CLINICAL and token.code in codes for token in tokens(data, type, path))


def below_matches(text: str, data: Any, type: str, path: str) -> bool:
    """:below, "whether the coding in a resource is subsumed by the specified search code"."""
    system, code = (unescape(part) for part in split(text, "|"))
    return any(token.system == system and code in _above(token.code) for token in tokens(data, type, path))


def above_matches(text: str, data: Any, type: str, path: str) -> bool:
    """:above, "whether the coding in a resource subsumes the specified search code"."""
    system, code = (unescape(part) for part in split(text, "|"))
    return any(token.system == system and token.code in _above(code) for token in tokens(data, type, path))


def _above(code: str | None) -> list[str]:
    """The code and all that subsume it."""
    return [code, *_above(PARENTS.get(code))] if code else []


def text_matches(text: str, data: Any, type: str) -> bool:
    """:text, a string search on "CodeableConcept.text, Coding.display, or Identifier.type.text"."""
    return any(plain(unescape(text)) in plain(one) for one in _texts(data, type))


def _texts(data: Any, type: str) -> Iterator[str]:
    if type == "Coding":
        yield from filter(None, [data.get("display")])
    elif type == "CodeableConcept":
        yield from filter(None, [data.get("text")])
        for coding in data.get("coding", ()):
            yield from _texts(coding, "Coding")
    elif type == "Identifier":
        yield from filter(None, [data.get("type", {}).get("text")])


def of_type_matches(text: str, data: Any) -> bool:
    """:of-type, "system|code|value" where system and code are those of an Identifier's type."""
    system, code, value = (unescape(part) for part in split(text, "|"))
    types = tokens(data.get("type", {}), "CodeableConcept", "")
    return bool(data.get("value") == value) and Token(system, code) in types
