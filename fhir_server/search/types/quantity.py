"""The quantity parameter: a number with a unit.

https://hl7.org/fhir/R4/search.html#quantity
"""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from fhir_server.core import json, ucum
from fhir_server.core.decimal import HIGHEST_KEY, LOWEST_KEY, key_above, key_below, sort_key
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import NumberValue, QuantityValue
from fhir_server.search.entries import Entries, QuantityEntry
from fhir_server.search.escapes import split, unescape
from fhir_server.search.types import number
from fhir_server.search.types.composite import CANONICAL
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target

CURRENCIES = "urn:iso:std:iso:4217"

_QUANTITIES = frozenset(
    {"Quantity", "SimpleQuantity", "Age", "Duration", "Distance", "Count", "MoneyQuantity"}
)


def parse(text: str, reading: Reading) -> QuantityValue:
    """`[prefix]number`, with `|system|code` or `||unit` after it."""
    parts = [unescape(part) for part in split(text, "|")]
    if len(parts) not in (1, 3):
        raise _refused(text, reading)
    try:
        value = number.parse_number(parts[0])
    except ValueError as error:
        raise _refused(text, reading) from error
    system, code = parts[1:] if len(parts) == 3 else ("", "")
    return QuantityValue(value, system or None, code or None)


def _refused(text: str, reading: Reading) -> InvalidSearch:
    return InvalidSearch.of(messages.BAD_QUANTITY(value=text, parameter=reading.parameter))


def in_base_units(value: QuantityValue) -> QuantityValue | None:
    """The same quantity in base units; None where it has no unit of UCUM that is known here."""
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
    """The number compares, and so does what the value gives of the unit; a code without a system may also be
    the unit as written."""
    if value.system is not None and value.system != entry.system:
        return False
    units = (entry.code,) if value.system is not None else (entry.code, entry.unit)
    if value.code is not None and value.code not in units:
        return False
    return number.matches(entry, value.number, modifier)


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """Quantities, amounts of money, ranges, and the limits of sampled data where it states them."""
    parameter = target.parameter
    if target.type in _QUANTITIES:
        return _measured(parameter, _stated, lambda value: value)
    if target.type == "Money":
        return _money(parameter)
    if target.type == "Range":
        return _measured(parameter, _range, lambda value: value.get("low") or value.get("high") or {})
    if target.type == "SampledData":
        return _measured(parameter, _limits, lambda value: value.get("origin") or {})
    return None


Ends = tuple[Decimal | None, Decimal | None]
"""Both inclusive; None where open."""


def _measured(
    parameter: str,
    ends_of: Callable[[Mapping[str, Any]], Ends | None],
    unit_of: Callable[[Mapping[str, Any]], Mapping[str, Any]],
) -> Indexer:
    """The quantity as written, and in base units where it has a unit of UCUM."""
    canonical = parameter + CANONICAL

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        ends = ends_of(value)
        if ends is None:
            return
        unit = unit_of(value)
        system, code = unit.get("system") or "", unit.get("code") or ""
        name, comparator = unit.get("unit") or "", value.get("comparator")
        keys = _keys(ends, comparator)
        entries.quantities.append(QuantityEntry(parameter, system, code, name, *keys))
        base = ucum.canonical(code) if system == ucum.SYSTEM else None
        if base is not None:
            converted = [None if end is None else base.value(end) for end in ends]
            if converted.count(None) == ends.count(None):
                keys = _keys((converted[0], converted[1]), comparator)
                entries.quantities.append(QuantityEntry(canonical, system, base.unit, "", *keys))

    return index


def _keys(ends: Ends, comparator: str | None) -> tuple[str, str]:
    """The sort keys of the ends; a comparator such as "<" leaves its end out."""
    low, high = ends
    low_key = LOWEST_KEY if low is None else sort_key(low)
    high_key = HIGHEST_KEY if high is None else low_key if high is low else sort_key(high)
    if comparator == "<":
        return low_key, key_below(high_key)
    return (key_above(low_key) if comparator == ">" else low_key), high_key


def _number(value: Any) -> Decimal | None:
    return None if value is None else json.decimal(value)


def _stated(value: Mapping[str, Any]) -> Ends | None:
    """A measurement stated as "below 5" is somewhere below 5, and never 5."""
    number = _number(value.get("value"))
    if number is None:
        return None
    comparator = value.get("comparator")
    if comparator in ("<", "<="):
        return None, number
    return number, None if comparator in (">", ">=") else number


def _range(value: Mapping[str, Any]) -> Ends:
    return _number(value.get("low", {}).get("value")), _number(value.get("high", {}).get("value"))


def _limits(value: Mapping[str, Any]) -> Ends | None:
    low, high = _number(value.get("lowerLimit")), _number(value.get("upperLimit"))
    return None if low is None or high is None else (low, high)


def _money(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        amount = _number(value.get("value"))
        if amount is not None:
            key, currency = sort_key(amount), value.get("currency") or ""
            entries.quantities.append(QuantityEntry(parameter, CURRENCIES, currency, currency, key, key))

    return index
