"""The date parameter: intervals of time, compared as R4's table of prefixes says.

https://hl7.org/fhir/R4/search.html#date
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.core.memo import Memo
from fhir_server.core.temporal import Span, period_of, period_of_period, period_of_timing
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import DateValue
from fhir_server.search.entries import DateEntry, Entries
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target
from fhir_server.search.types.prefixes import split_prefix

_APPROXIMATION = 10
"""`ap` widens a value by a tenth of its distance from now, as R4 recommends."""

_WIDTH_OF_INSTANT = 1
"""Microseconds: the shortest period that the index can express, as R4 wants for an instant."""


def parse(text: str, context: ParseContext) -> DateValue:
    """An optional prefix and a date of any precision; a time has at least minutes.

    A space is read as the plus sign of a time zone that was not escaped in the URL.
    """
    prefix, rest = split_prefix(unescape(text))
    try:
        low, high = period_of(rest.replace(" ", "+"), context.zone)
    except ValueError as error:
        raise InvalidSearch.of(messages.BAD_DATE(value=text, parameter=context.parameter)) from error
    if prefix == "ap":
        widening = max(low - context.now, context.now - high, 0) // _APPROXIMATION
        low, high = low - widening, high + widening
    return DateValue(prefix, low, high)


def matches(entry: DateEntry, value: DateValue, modifier: str | None) -> bool:
    """Compare the entry's period with the value's, both [low, high); with `co`, whether it contains it."""
    low, high = entry.low, entry.high
    if modifier == "co":
        return low <= value.low and value.high <= high
    within = value.low <= low and high <= value.high
    match value.prefix:
        case "eq":
            return within
        case "ne":
            return not within
        case "gt":
            return high > value.high
        case "lt":
            return low < value.low
        case "ge":
            return high > value.high or within
        case "le":
            return low < value.low or within
        case "sa":
            return low >= value.high
        case "eb":
            return high <= value.low
    return low < value.high and value.low < high


def indexer(target: Target, indexing: Indexing) -> Indexer | None:
    """The period of a date, Period or Timing. Impossible days are not indexed."""
    span_of = _SPANS.get(target.type)
    if span_of is None:
        return None
    of_zone = partial(span_of, zone=indexing.zone)
    if target.type in _MOMENTS:
        return _spans(target.parameter, Memo(of_zone, _MOMENTS_MAX).__getitem__)
    return _spans(target.parameter, of_zone)


def _instant(text: str, zone: ZoneInfo) -> Span:
    low, _ = period_of(text, zone)
    return low, low + _WIDTH_OF_INSTANT


_MOMENTS = ("dateTime", "instant")
"""Types of which the periods are cached: resources of one event have the same times."""
_MOMENTS_MAX = 1_024

_SPANS: Mapping[str, Callable[..., Span | None]] = {
    "date": period_of,
    "dateTime": period_of,
    "instant": _instant,
    "Period": period_of_period,
    "Timing": period_of_timing,
}


def _spans(parameter: str, span_of: Callable[[Any], Span | None]) -> Indexer:
    def index(value: Any, entries: Entries) -> None:
        try:
            span = span_of(value)
        except ValueError:
            return
        if span is not None:
            entries.dates.append(DateEntry(parameter, span[0], span[1]))

    return index
