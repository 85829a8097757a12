"""Helpers to read resources: resolve references, read codes and dates, find what refers to a resource.

https://hl7.org/fhir/R4/references.html
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from fhir_server.core.reference import parse_reference
from fhir_server.core.temporal import period_of
from fhir_server.extension import Resource
from fhir_server.search.ast import Match, ReferenceValue, SearchQuery, TokenValue

DAY_LENGTH = len("2025-01-13")

PARIS = ZoneInfo("Europe/Paris")
"""The time zone in which the programme counts days, whatever zone software writes times in."""

FOUND_MAX = 1_000
"""The limit of a search: more resources of one type than any patient has."""

IN_ERROR = "entered-in-error"
"""The status of a resource recorded by mistake, for all types."""


class Records(Protocol):
    """Reads resources from a unit of work or from the store."""

    def get(self, type: str, id: str) -> Resource | None: ...

    def find(self, query: SearchQuery) -> tuple[Resource, ...]: ...


def target(reference: Mapping[str, Any] | None, type: str) -> str | None:
    """The id in a local Reference to a resource of `type`; None for any other reference."""
    text = (reference or {}).get("reference")
    parsed = parse_reference(text) if isinstance(text, str) else None
    return parsed.id if parsed and parsed.kind == "local" and parsed.type == type else None


def resolved(records: Records, reference: Mapping[str, Any] | None, type: str) -> Resource | None:
    """The resource of a Reference, if it is local, of `type` and on record."""
    id = target(reference, type)
    return records.get(type, id) if id else None


def find_referring(records: Records, type: str, parameter: str, to: str) -> tuple[Resource, ...]:
    """The resources of `type` whose search parameter refers to `to` (`Type/id`), oldest first."""
    target_type, _, id = to.partition("/")
    match = Match(parameter, "reference", (ReferenceValue(target_type, id),))
    return records.find(SearchQuery((type,), (match,), count=FOUND_MAX, total="none"))


def find_by_identifier(records: Records, type: str, system: str, value: str) -> Resource | None:
    """The oldest resource with an identifier; None where there is none."""
    return next(iter(find_all_by_identifier(records, type, system, value, 1)), None)


def find_all_by_identifier(
    records: Records, type: str, system: str, value: str, most: int = FOUND_MAX
) -> tuple[Resource, ...]:
    """The resources with an identifier, oldest first, at most `most`."""
    match = Match("identifier", "token", (TokenValue(system, value),))
    return records.find(SearchQuery((type,), (match,), count=most, total="none"))


def first(resource: Resource | None, element: str) -> Resource | None:
    """The first value of a repeating element; None where it has no value."""
    found: Resource | None = next(iter((resource or {}).get(element, ())), None)
    return found


def codes(concept: Mapping[str, Any] | None, system: str) -> Iterator[str]:
    """The codes of a CodeableConcept in one system."""
    for coding in (concept or {}).get("coding", ()):
        if coding.get("system") == system and "code" in coding:
            yield coding["code"]


def has_code(concepts: list[Mapping[str, Any]], system: str, code: str) -> bool:
    """Whether any of the concepts has this code."""
    return any(code in codes(concept, system) for concept in concepts)


def extension(resource: Mapping[str, Any], url: str) -> Mapping[str, Any]:
    """The first extension with that URL; empty when there is none."""
    return next((found for found in resource.get("extension", ()) if found.get("url") == url), {})


def questionnaire_of(response: Mapping[str, Any]) -> str:
    """The canonical URL of the answered Questionnaire without its version; empty where there is none."""
    return str(response.get("questionnaire", "")).partition("|")[0]


def identifier_value(resource: Mapping[str, Any], system: str) -> str | None:
    """The value of the resource's identifier in one system."""
    for found in resource.get("identifier", ()):
        if found.get("system") == system:
            value: str | None = found.get("value")
            return value
    return None


def day(text: object) -> date | None:
    """The day of a FHIR date or dateTime in Paris; None for a value less precise than a day."""
    if not isinstance(text, str) or len(text) < DAY_LENGTH:
        return None
    try:
        return _in_paris(text) or date.fromisoformat(text[:DAY_LENGTH])
    except ValueError:
        return None


def start_micros(text: str) -> int:
    """The start of a FHIR date or dateTime in microseconds since 1970, to order the events of one day.

    Raises `ValueError` for any other text.
    """
    return period_of(text, PARIS)[0]


def _in_paris(text: str) -> date | None:
    """The day in Paris of a dateTime with a zone; None for a date, and out of the calendar's range."""
    try:
        moment = datetime.fromisoformat(text) if len(text) > DAY_LENGTH else None
        return moment.astimezone(PARIS).date() if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
