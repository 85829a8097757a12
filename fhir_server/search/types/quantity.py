"""The quantity parameter: a number with a unit.

https://hl7.org/fhir/R4/search.html#quantity
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.core.decimal import HIGHEST_KEY, LOWEST_KEY, key_above, key_below
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import QuantityValue
from fhir_server.search.entries import Entries, QuantityEntry
from fhir_server.search.escapes import split, unescape
from fhir_server.search.types import number
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
        return _quantity(parameter)
    if target.type == "Money":
        return _money(parameter)
    if target.type == "Range":
        return _range(parameter)
    return _sampled_data(parameter) if target.type == "SampledData" else None


def _quantity(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        if value.get("value") is None:
            return
        low, high = _ends(number.key_of(value["value"]), value.get("comparator"))
        entries.quantities.append(_entry(parameter, value, low, high))

    return index


def _ends(key: str, comparator: str | None) -> tuple[str, str]:
    """A measurement stated as "below 5" is somewhere below 5, and never 5."""
    match comparator:
        case "<":
            return LOWEST_KEY, key_below(key)
        case "<=":
            return LOWEST_KEY, key
        case ">":
            return key_above(key), HIGHEST_KEY
        case ">=":
            return key, HIGHEST_KEY
    return key, key


def _entry(parameter: str, unit: Mapping[str, Any], low: str, high: str) -> QuantityEntry:
    system, code = unit.get("system") or "", unit.get("code") or ""
    return QuantityEntry(parameter, system, code, unit.get("unit") or "", low, high)


def _money(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        if value.get("value") is None:
            return
        key, currency = number.key_of(value["value"]), value.get("currency") or ""
        entries.quantities.append(QuantityEntry(parameter, CURRENCIES, currency, currency, key, key))

    return index


def _range(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        unit = value.get("low") or value.get("high") or {}
        entries.quantities.append(_entry(parameter, unit, *number.range_keys(value)))

    return index


def _sampled_data(parameter: str) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        low, high = value.get("lowerLimit"), value.get("upperLimit")
        if low is not None and high is not None:
            ends = number.key_of(low), number.key_of(high)
            entries.quantities.append(_entry(parameter, value.get("origin") or {}, *ends))

    return index
