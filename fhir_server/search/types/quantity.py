"""The quantity parameter: a number with a unit.

https://hl7.org/fhir/R4/search.html#quantity
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from msgspec import Raw

from fhir_server.core import ucum
from fhir_server.core.decimal import HIGHEST_KEY, LOWEST_KEY, key_above, key_below, sort_key
from fhir_server.core.json import Number
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import NumberValue, QuantityValue
from fhir_server.search.entries import Entries, NumberEntry, QuantityEntry
from fhir_server.search.escapes import bar_parts
from fhir_server.search.types import number
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target

CANONICAL = ":canonical"
"""Suffix of the derived entries in base units."""

_CACHED_LENGTH_MAX = 64

CURRENCIES = "urn:iso:std:iso:4217"

_is_point = re.compile(r"-?(?:\d+(?:\.\d+)?|\.\d+)").fullmatch

_QUANTITIES = frozenset(
    {"Quantity", "SimpleQuantity", "Age", "Duration", "Distance", "Count", "MoneyQuantity"}
)


def parse(text: str, context: ParseContext) -> QuantityValue:
    """`[prefix]number`, with `|system|code` or `||unit` after it."""
    parts = bar_parts(text)
    if len(parts) not in (1, 3):
        raise _refused(text, context)
    try:
        value = number.parse_number(parts[0])
    except ValueError as error:
        raise _refused(text, context) from error
    system, code = parts[1:] if len(parts) == 3 else ("", "")
    return QuantityValue(value, system or None, code or None)


def _refused(text: str, context: ParseContext) -> InvalidSearch:
    return InvalidSearch.of(messages.BAD_QUANTITY(value=text, parameter=context.parameter))


def in_base_units(value: QuantityValue) -> QuantityValue | None:
    """The quantity in UCUM base units; None if its unit cannot be converted."""
    if value.system != ucum.SYSTEM or value.code is None:
        return None
    unit = ucum.canonical(value.code)
    if unit is None:
        return None
    written = value.number
    point, low, high = (unit.value(end) for end in (written.value, written.low, written.high))
    if point is None or low is None or high is None:
        return None
    return QuantityValue(NumberValue(written.prefix, point, low, high), ucum.SYSTEM, unit.unit)


def matches(entry: QuantityEntry, value: QuantityValue, modifier: str | None) -> bool:
    """Whether the number matches, and the unit as far as the value has one; a code without a system may also
    match the unit as written."""
    if value.base:
        in_base = NumberEntry("", entry.base_low, entry.base_high)
        return entry.base == value.code and number.matches(in_base, value.number, modifier)
    if value.system is not None and value.system != entry.system:
        return False
    units = (entry.code,) if value.system is not None else (entry.code, entry.unit)
    if value.code is not None and value.code not in units:
        return False
    return number.matches(entry, value.number, modifier)


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """Quantity, Money, Range, and the bounds of SampledData."""
    parameter = target.parameter
    if target.type in _QUANTITIES:
        return _measured(parameter, _stated, lambda value: value)
    if target.type == "Money":
        return _money(parameter)
    if target.type == "Range":
        return _measured(parameter, _range, lambda value: value.get("low") or value.get("high") or {})
    if target.type == "SampledData":
        return _measured(parameter, _bounds, lambda value: value.get("origin") or {})
    return None


Ends = tuple[Number | Decimal | None, Number | Decimal | None]
"""Both inclusive; None where open."""


def _measured(
    parameter: str,
    ends_of: Callable[[Mapping[str, Any]], Ends | None],
    unit_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Indexer:
    """The quantity as written and, if its UCUM unit can be converted, in base units: as a separate entry, or
    within the same entry for a component of a composite.
    """
    canonical = parameter + CANONICAL if parameter else ""

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        ends = ends_of(value)
        if ends is None:
            return
        unit = unit_of(value)
        system, code, written = unit.get("system") or "", unit.get("code") or "", unit.get("unit") or ""
        found = _measure(ends, value.get("comparator") or "", code if system == ucum.SYSTEM else "")
        low, high, base, base_low, base_high = found
        if base and not canonical:
            entries.quantities.append(QuantityEntry(parameter, system, code, written, *found))
            return
        entries.quantities.append(QuantityEntry(parameter, system, code, written, low, high))
        if base:
            entries.quantities.append(QuantityEntry(canonical, system, base, "", base_low, base_high))

    return index


class _Measure(NamedTuple):
    """The sort keys of both ends as written, and in UCUM base units if they can be converted."""

    low: str
    high: str
    base: str = ""
    base_low: str = ""
    base_high: str = ""


def _measure(ends: Ends, comparator: str, unit: str) -> _Measure:
    """The measure of two ends; `unit` is a UCUM unit or empty. Short ones are cached, as several parameters
    index the same element.
    """
    low, high = ends
    low_text = _text(low)
    high_text = low_text if high is low else _text(high)
    is_cacheable = len(low_text) + len(high_text) + len(unit) + len(comparator) <= _CACHED_LENGTH_MAX
    return (_cached_measure if is_cacheable else _measure_of)(low_text, high_text, comparator, unit)


def _text(number: Number | Decimal | None) -> str:
    """A number as text, from its JSON or from FHIRPath; empty for an open end."""
    if number is None:
        return ""
    return bytes(number).decode() if type(number) is Raw else str(number)


def _measure_of(low: str, high: str, comparator: str, unit: str) -> _Measure:
    keys = _keys(low, high, comparator, None) or ("", "")
    base = ucum.canonical(unit) if unit else None
    in_base = _keys(low, high, comparator, base) if base else None
    return _Measure(*keys, base.unit, *in_base) if base and in_base else _Measure(*keys)


_cached_measure = lru_cache(maxsize=4096)(_measure_of)


def _keys(low: str, high: str, comparator: str, base: ucum.Canonical | None) -> tuple[str, str] | None:
    """The sort keys of the ends, converted to `base` if it is given. The comparators "<" and ">" exclude the
    end itself. None if an end cannot be converted.
    """
    low_key = _key(low, base) if low else LOWEST_KEY
    high_key = low_key if high == low and low else _key(high, base) if high else HIGHEST_KEY
    if low_key is None or high_key is None:
        return None
    if comparator == "<":
        return low_key, key_below(high_key)
    return (key_above(low_key) if comparator == ">" else low_key), high_key


def _key(number: str, base: ucum.Canonical | None) -> str | None:
    value = Decimal(number)
    converted = base.value(value) if base else value
    return None if converted is None else sort_key(converted)


def _stated(value: Mapping[str, Any]) -> Ends | None:
    """The ends of a Quantity: equal, or one of them open if it has a comparator."""
    number, comparator = value.get("value"), value.get("comparator")
    if number is None:
        return None
    if comparator in ("<", "<="):
        return None, number
    return number, None if comparator in (">", ">=") else number


def _range(value: Mapping[str, Any]) -> Ends:
    return value.get("low", {}).get("value"), value.get("high", {}).get("value")


def _bounds(value: Mapping[str, Any]) -> Ends | None:
    """The bounds of SampledData: its limits if it has both, else those of its points. A point below ("L") or
    above ("U") the detection limit makes the bound that limit, or open.

    https://hl7.org/fhir/R4/datatypes.html#SampledData
    """
    low, high = value.get("lowerLimit"), value.get("upperLimit")
    if low is not None and high is not None:
        return low, high
    texts = set((value.get("data") or "").split())
    points = [Decimal(text) for text in texts if _is_point(text)]
    if not points:
        return None
    origin, factor = (
        Decimal(_text(number)) for number in (value["origin"].get("value", 0), value.get("factor", 1))
    )
    try:
        ends = sorted(origin + factor * point for point in (min(points), max(points)))
    except ArithmeticError:
        return None
    return (low if "L" in texts else ends[0]), (high if "U" in texts else ends[1])


def _money(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        amount = value.get("value")
        if amount is not None:
            key, currency = number.key_of(amount), value.get("currency") or ""
            entries.quantities.append(QuantityEntry(parameter, CURRENCIES, currency, currency, key, key))

    return index
