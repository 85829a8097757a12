"""SQL conditions on the cells of one index entry, for each type of search value.

These are the comparisons of `search.types` in SQL, in forms that an index can seek.
https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Iterable

import msgspec

from fhir_server.core.decimal import sort_key
from fhir_server.core.prefix_range import prefix_upper_bound
from fhir_server.search.ast import (
    DateValue,
    NearValue,
    NumberValue,
    OfTypeValue,
    QuantityValue,
    ReferenceValue,
    StringValue,
    TokenSet,
    TokenValue,
    UriValue,
    Value,
    WordValue,
)
from fhir_server.search.types.position import box
from fhir_server.search.types.string import OF_THE_WHOLE
from fhir_server.store.sqlite.connection import DISTANCE
from fhir_server.store.sqlite.sql import ALWAYS, NEVER, Sql, all_of, any_of, negation
from fhir_server.store.sqlite.symbols import Symbols

Column = Callable[[str], str]
"""The SQL expression of a named cell."""

INSTANT = 1
"""The duration of `last_updated` as an interval, in microseconds."""


def lead_values(value: Value, modifier: str | None) -> frozenset[str] | None:
    """The values that the first cell of a row must be one of; None if the search value leaves it open."""
    match value:
        case TokenSet(_, codes):
            return codes
        case ReferenceValue(_, target, _):
            return frozenset([target])
        case StringValue(text, _) if modifier in ("exact", "eq"):
            return frozenset([text])
        case WordValue(word):
            return frozenset([word])
    if modifier is not None:
        return None
    match value:
        case TokenValue(_, code) if code is not None:
            return frozenset([code])
        case OfTypeValue(_, _, code):
            return frozenset([code])
        case UriValue(uri):
            return frozenset([uri])
    return None


def minimum_high(value: Value) -> str | None:
    """The least upper end of matching rows of a number; None if the comparison sets no such bound."""
    number = value.number if isinstance(value, QuantityValue) else value
    if not isinstance(number, NumberValue):
        return None
    if number.prefix in ("gt", "ge"):
        return sort_key(number.value)
    return sort_key(number.low) if number.prefix == "ap" else None


def condition(value: Value, modifier: str | None, column: Column, symbols: Symbols) -> Sql:
    """The condition on one entry's cells."""
    if modifier == "ne" and not isinstance(value, StringValue):
        return negation(all_of([ALWAYS, condition(value, None, column, symbols)]))
    match value:
        case StringValue():
            return _string(value, modifier, column)
        case TokenValue(_, code) if modifier == "below" and code is not None:
            return _starts_with(column("code"), code)
        case TokenValue(system, code):
            return _token(system, code, column, symbols)
        case TokenSet(system, codes):
            listed = one_of(column("code"), codes)
            return all_of([listed, _system(system, column, symbols)])
        case OfTypeValue(system, code, identifier):
            return _token(f"{system}|{code}", identifier, column, symbols)
        case ReferenceValue():
            return _reference(value, modifier, column, symbols)
        case DateValue() if modifier == "co":
            return Sql(f"({column('low')} <= ? AND {column('high')} >= ?)", (value.low, value.high))
        case DateValue():
            return _date(value, column)
        case NumberValue():
            return _number(value, column)
        case QuantityValue():
            return _quantity(value, column, symbols)
        case UriValue(uri) if modifier == "below":
            return _starts_with(column("value"), uri)
        case UriValue(uri) if modifier == "contains":
            return Sql(f"instr({column('value')}, ?) > 0", (uri,))
        case UriValue(uri):
            return Sql(f"{column('value')} = ?", (uri,))
        case WordValue(word):
            return Sql(f"{column('text')} = ?", (word,))
        case NearValue():
            return _near(value, column)
    raise TypeError(f"not a value of an index entry: {value!r}")


def _string(value: StringValue, modifier: str | None, column: Column) -> Sql:
    text = column("text")
    if modifier == "exact":
        return Sql(f"({text} = ? AND {column('exact')} = ?)", (value.text, value.exact))
    if modifier == "contains":
        return Sql(f"instr({text}, ?) > 0", (value.text,))
    if modifier == "text":
        words = [f" {word} " for word in value.text.split()]
        return all_of([Sql(f"instr(' ' || {text} || ' ', ?) > 0", (word,)) for word in words])
    if modifier == "ew":
        return Sql(f"substr({text}, ?) = ?", (-len(value.text), value.text)) if value.text else ALWAYS
    operator = _OPERATORS.get(modifier or "")
    if operator is None:
        return _starts_with(text, value.text)
    whole = f" AND {column('exact')} <> ''" if modifier in OF_THE_WHOLE else ""
    return Sql(f"({text} {operator} ?{whole})", (value.text,))


_OPERATORS = {"eq": "=", "ne": "<>", "gt": ">", "lt": "<", "ge": ">=", "le": "<="}


def _starts_with(cell: str, prefix: str) -> Sql:
    after = prefix_upper_bound(prefix)
    if after is None:
        return Sql(f"{cell} >= ?", (prefix,))
    return Sql(f"({cell} >= ? AND {cell} < ?)", (prefix, after))


def _token(system: str | None, code: str | None, column: Column, symbols: Symbols) -> Sql:
    parts = []
    if code is not None:
        parts.append(Sql(f"{column('code')} = ?", (code,)))
    if system is not None:
        parts.append(_system(system, column, symbols))
    return all_of(parts)


def _system(uri: str, column: Column, symbols: Symbols) -> Sql:
    symbol = symbols.system(uri)
    return NEVER if symbol is None else Sql(f"{column('system')} = ?", (symbol,))


def one_of(cell: str, values: Iterable[str]) -> Sql:
    """The cell holds one of many values. The SQL is the same for any number of them."""
    listed = msgspec.json.encode(sorted(values)).decode()
    return Sql(f"{cell} IN (SELECT value FROM json_each(?))", (listed,))


def _reference(value: ReferenceValue, modifier: str | None, column: Column, symbols: Symbols) -> Sql:
    parts = [Sql(f"{column('target')} = ?", (value.target,))]
    if value.type is None:
        parts.append(Sql(f"{column('type')} <> 0"))
    else:
        symbol = symbols.type(value.type)
        parts.append(NEVER if symbol is None else Sql(f"{column('type')} = ?", (symbol,)))
    if value.version is not None:
        same = Sql(f"{column('version')} = ?", (value.version,))
        below = _starts_with(column("version"), f"{value.version}.")
        parts.append(any_of([same, below]) if modifier == "below" else same)
    return all_of(parts)


def _near(value: NearValue, column: Column) -> Sql:
    """A bounding box for the index, and within it the circle."""
    latitude, longitude = column("latitude"), column("longitude")
    around = box(value)
    distance = f"{DISTANCE}({latitude}, {longitude}, ?, ?) <= ?"
    return all_of(
        [
            Sql(f"{latitude} BETWEEN ? AND ?", (around.south, around.north)),
            any_of([Sql(f"{longitude} BETWEEN ? AND ?", ends) for ends in around.longitudes]),
            Sql(distance, (value.latitude, value.longitude, value.metres)),
        ]
    )


def _date(value: DateValue, column: Column) -> Sql:
    """Compare dates. For ge and le, a bound that both alternatives imply comes first, for the index; it holds
    because low < high in every entry.
    """
    low, high = column("low"), column("high")
    within = f"{low} >= ? AND {high} <= ?"
    match value.prefix:
        case "eq":
            return Sql(f"({within} AND {low} < ?)", (value.low, value.high, value.high))
        case "ne":
            return Sql(f"NOT ({within})", (value.low, value.high))
        case "gt":
            return Sql(f"{high} > ?", (value.high,))
        case "lt":
            return Sql(f"{low} < ?", (value.low,))
        case "ge":
            text = f"({high} > ? AND ({high} > ? OR ({within})))"
            return Sql(text, (value.low, value.high, value.low, value.high))
        case "le":
            text = f"({low} < ? AND ({low} < ? OR ({within})))"
            return Sql(text, (value.high, value.low, value.low, value.high))
        case "sa":
            return Sql(f"({low} >= ? AND {high} > ?)", (value.high, value.high))
        case "eb":
            return Sql(f"({high} <= ? AND {low} < ?)", (value.low, value.low))
        case "ap":
            return Sql(f"({low} < ? AND {high} > ?)", (value.high, value.low))


def _number(value: NumberValue, column: Column) -> Sql:
    low, high = column("low"), column("high")
    match value.prefix:
        case "eq":
            ends = (sort_key(value.low), sort_key(value.high), sort_key(value.high))
            return Sql(f"({low} >= ? AND {high} < ? AND {low} < ?)", ends)
        case "ne":
            return Sql(f"NOT ({low} >= ? AND {high} < ?)", (sort_key(value.low), sort_key(value.high)))
        case "ap":
            return Sql(f"({low} <= ? AND {high} >= ?)", (sort_key(value.high), sort_key(value.low)))
    cell, operator = {
        "gt": (high, ">"),
        "lt": (low, "<"),
        "ge": (high, ">="),
        "le": (low, "<="),
        "sa": (low, ">"),
        "eb": (high, "<"),
    }[value.prefix]
    key = sort_key(value.value)
    asked = Sql(f"{cell} {operator} ?", (key,))
    # What ends below starts below, and the index is ordered by starts.
    return all_of([asked, Sql(f"{low} < ?", (key,))]) if value.prefix == "eb" else asked


def _quantity(value: QuantityValue, column: Column, symbols: Symbols) -> Sql:
    if value.base:
        in_base = _number(value.number, lambda name: column(f"base_{name}"))
        return all_of([Sql(f"{column('base')} = ?", (value.code,)), in_base])
    parts = [_number(value.number, column)]
    if value.system is not None:
        parts.append(_system(value.system, column, symbols))
    if value.code is not None:
        units = ["code"] if value.system is not None else ["code", "unit"]
        parts.append(any_of([Sql(f"{column(unit)} = ?", (value.code,)) for unit in units]))
    return NEVER if NEVER in parts else all_of(parts)


def unit_of(value: Value) -> tuple[str, str] | None:
    """The system and code of the unit in a search for a quantity; None without a unit."""
    if not isinstance(value, QuantityValue) or value.system is None or value.code is None:
        return None
    return value.system, value.code


def last_updated(value: DateValue, modifier: str | None, column: str) -> Sql:
    """The condition on `column`, the `last_updated` of a version."""
    first, last = value.low, value.high - INSTANT
    if modifier == "co":
        return Sql(f"({column} <= ? AND {column} >= ?)", (first, last))
    within = Sql(f"({column} >= ? AND {column} <= ?)", (first, last))
    match value.prefix:
        case "eq":
            return within
        case "ne":
            return negation(within)
        case "gt":
            return Sql(f"{column} > ?", (last,))
        case "lt":
            return Sql(f"{column} < ?", (first,))
        case "ge":
            return Sql(f"{column} >= ?", (min(first, last + 1),))
        case "le":
            return Sql(f"{column} <= ?", (max(first - 1, last),))
        case "sa":
            return Sql(f"{column} >= ?", (value.high,))
        case "eb":
            return Sql(f"{column} <= ?", (first - INSTANT,))
        case "ap":
            return Sql(f"({column} < ? AND {column} > ?)", (value.high, first - INSTANT))
