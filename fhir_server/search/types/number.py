"""The number parameter: numbers or ranges compared with a value of implicit precision.

https://hl7.org/fhir/R4/search.html#number
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any, Protocol

from fhir_server.core import json
from fhir_server.core.decimal import (
    HIGHEST_KEY,
    LOWEST_KEY,
    approximate_range,
    implicit_range,
    parse_decimal,
    sort_key,
)
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import NumberValue
from fhir_server.search.entries import Entries, NumberEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target
from fhir_server.search.types.prefixes import split_prefix

_POINTS = frozenset({"integer", "decimal", "positiveInt", "unsignedInt"})


class Interval(Protocol):
    """The common part of number and quantity entries: two sort keys, both inclusive."""

    @property
    def low(self) -> str: ...

    @property
    def high(self) -> str: ...


def parse(text: str, context: ParseContext) -> NumberValue:
    """An optional prefix and a decimal."""
    try:
        return parse_number(unescape(text))
    except ValueError as error:
        raise InvalidSearch.of(messages.BAD_NUMBER(value=text, parameter=context.parameter)) from error


def parse_number(text: str) -> NumberValue:
    """As `parse`; raises `ValueError`. For ap the range is ten percent to either side."""
    prefix, rest = split_prefix(text)
    value = parse_decimal(rest)
    low, high = approximate_range(value) if prefix == "ap" else implicit_range(rest)
    return NumberValue(prefix, value, low, high)


def matches(entry: Interval, value: NumberValue, _modifier: str | None) -> bool:
    """Compare a point (low equal to high) or Range with the value; only eq, ne and ap look at its range."""
    if value.prefix in ("eq", "ne", "ap"):
        low, high = sort_key(value.low), sort_key(value.high)
        if value.prefix == "ap":
            return _overlaps(entry, low, high)
        return (low <= entry.low and entry.high < high) == (value.prefix == "eq")
    return _compares(entry, value.prefix, sort_key(value.value))


def _overlaps(entry: Interval, low: str, high: str) -> bool:
    """Whether the entry overlaps a range with inclusive ends, which are the same for `ap0`."""
    return entry.low <= high and low <= entry.high


def _compares(entry: Interval, prefix: str, key: str) -> bool:
    match prefix:
        case "gt":
            return entry.high > key
        case "lt":
            return entry.low < key
        case "ge":
            return entry.high >= key
        case "le":
            return entry.low <= key
        case "sa":
            return entry.low > key
    return entry.high < key


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """A number as a point, a Range as it is."""
    parameter = target.parameter
    if target.type in _POINTS:
        return _point(parameter)
    return _range(parameter) if target.type == "Range" else None


def key_of(number: Any) -> str:
    """The sort key of a parsed number."""
    return sort_key(number if isinstance(number, Decimal) else json.decimal(number))


def range_keys(range: Mapping[str, Any]) -> tuple[str, str]:
    """The ends of a Range; a missing one is open."""
    low, high = range.get("low", {}).get("value"), range.get("high", {}).get("value")
    low_key = LOWEST_KEY if low is None else key_of(low)
    return low_key, HIGHEST_KEY if high is None else key_of(high)


def _point(parameter: str) -> Indexer:
    def index(value: Any, entries: Entries) -> None:
        key = key_of(value)
        entries.numbers.append(NumberEntry(parameter, key, key))

    return index


def _range(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        entries.numbers.append(NumberEntry(parameter, *range_keys(value)))

    return index
