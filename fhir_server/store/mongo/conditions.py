"""Filters on the cells of one index entry, for each type of search value.

These are the comparisons of `search.types` in MongoDB's query language. Values are only used as operands,
never as keys, so that no text of a client can become an operator.
https://hl7.org/fhir/R4/search.html#ptypes
"""

import re
from collections.abc import Mapping
from math import pi

from fhir_server.core.decimal import sort_key
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
)
from fhir_server.search.types.position import EARTH_RADIUS_METRES
from fhir_server.search.types.string import OF_THE_WHOLE
from fhir_server.store.mongo.filters import ALWAYS, NEVER, Filter, all_of, any_of, negation, prefix_range

_SPECIAL = re.compile(r"[\\.^$*+?()\[\]{}|/#&~-]")
END = r"(?![\s\S])"
"""The very end of a text, in the dialect of every regular expression engine."""


def condition(value: Value, modifier: str | None, at: str = "") -> Filter:
    """The condition on one entry; its cells are fields whose names begin with `at`."""
    if modifier == "ne" and not isinstance(value, StringValue):
        return negation(condition(value, None, at))
    match value:
        case StringValue():
            return _string(value, modifier, at)
        case TokenValue(system, code) if modifier == "below":
            return all_of([{f"{at}c": prefix_range(code or "")}, _given(f"{at}s", system)])
        case TokenValue(system, code):
            return all_of([_given(f"{at}c", code), _given(f"{at}s", system)])
        case TokenSet(system, codes):
            return {f"{at}c": {"$in": sorted(codes)}, f"{at}s": system}
        case OfTypeValue(system, code, identifier):
            return {f"{at}c": identifier, f"{at}s": f"{system}|{code}"}
        case ReferenceValue():
            return _reference(value, modifier, at)
        case DateValue() if modifier == "co":
            return {f"{at}l": {"$lte": value.low}, f"{at}h": {"$gte": value.high}}
        case DateValue():
            return _date(value, at)
        case NumberValue():
            return _number(value, f"{at}l", f"{at}h")
        case QuantityValue():
            return _quantity(value, at)
        case UriValue(uri) if modifier == "contains":
            return {f"{at}u": {"$regex": literal(uri)}}
        case UriValue(uri):
            return {f"{at}u": prefix_range(uri) if modifier == "below" else uri}
        case NearValue():
            return _near(value, at)
    raise TypeError(f"not a value of an index entry: {value!r}")


def _given(field: str, text: str | None) -> Filter:
    return ALWAYS if text is None else {field: text}


def _string(value: StringValue, modifier: str | None, at: str) -> Filter:
    text = f"{at}x"
    match modifier:
        case "exact":
            return {text: value.text, f"{at}e": value.exact}
        case "contains":
            return _matching(text, literal(value.text))
        case "text":
            words = (rf"(?:^|\s){literal(word)}(?:\s|{END})" for word in value.text.split())
            return all_of([_matching(text, word) for word in words])
        case "ew":
            return _matching(text, literal(value.text) + END)
    operator = _OPERATORS.get(modifier or "")
    found: Filter = {text: {operator: value.text} if operator else prefix_range(value.text)}
    return {**found, f"{at}e": {"$gt": ""}} if modifier in OF_THE_WHOLE else found


_OPERATORS: Mapping[str, str] = {
    "eq": "$eq",
    "ne": "$ne",
    "gt": "$gt",
    "lt": "$lt",
    "ge": "$gte",
    "le": "$lte",
}


def _matching(field: str, pattern: str) -> Filter:
    """A regular expression as text; a compiled one would have another type."""
    return {field: {"$regex": pattern}}


def literal(text: str) -> str:
    """A regular expression that matches exactly this text."""
    return _SPECIAL.sub(r"\\\g<0>", text).replace("\0", r"\x00")


def _reference(value: ReferenceValue, modifier: str | None, at: str) -> Filter:
    of_type: Filter = {f"{at}t": {"$gt": ""} if value.type is None else value.type}
    parts: list[Filter] = [{f"{at}i": value.target}, of_type]
    if value.version is not None:
        same: Filter = {f"{at}v": value.version}
        below: Filter = {f"{at}v": prefix_range(f"{value.version}.")}
        parts.append(any_of([same, below]) if modifier == "below" else same)
    return all_of(parts)


def _near(value: NearValue, at: str) -> Filter:
    """A circle, or the whole earth if it is larger; the centre itself always matches."""
    centre = [value.longitude, value.latitude]
    radians = value.metres / EARTH_RADIUS_METRES
    if radians >= pi:
        return {f"{at}g": {"$exists": True}}
    within: Filter = {f"{at}g": {"$geoWithin": {"$centerSphere": [centre, radians]}}}
    return any_of([within, {f"{at}g": centre}])


def _date(value: DateValue, at: str) -> Filter:
    """Compare dates. A bound on one end is repeated for the other where low < high implies it, so that an
    index can seek.
    """
    low, high = f"{at}l", f"{at}h"
    within: Filter = {low: {"$gte": value.low, "$lt": value.high}, high: {"$lte": value.high}}
    match value.prefix:
        case "eq":
            return within
        case "ne":
            return any_of([{low: {"$lt": value.low}}, {high: {"$gt": value.high}}])
        case "gt":
            return {high: {"$gt": value.high}}
        case "lt":
            return {low: {"$lt": value.low}}
        case "ge":
            return all_of([{high: {"$gt": value.low}}, any_of([{high: {"$gt": value.high}}, within])])
        case "le":
            return all_of([{low: {"$lt": value.high}}, any_of([{low: {"$lt": value.low}}, within])])
        case "sa":
            return {low: {"$gte": value.high}}
        case "eb":
            return {high: {"$lte": value.low}}
        case "ap":
            return {low: {"$lt": value.high}, high: {"$gt": value.low}}


def _number(value: NumberValue, low: str, high: str) -> Filter:
    least, most = sort_key(value.low), sort_key(value.high)
    match value.prefix:
        case "eq":
            return {low: {"$gte": least, "$lt": most}, high: {"$lt": most}}
        case "ne":
            return any_of([{low: {"$lt": least}}, {high: {"$gte": most}}])
        case "ap":
            return {low: {"$lte": most}, high: {"$gte": least}}
    end, operator = {
        "gt": (high, "$gt"),
        "lt": (low, "$lt"),
        "ge": (high, "$gte"),
        "le": (low, "$lte"),
        "sa": (low, "$gt"),
        "eb": (high, "$lt"),
    }[value.prefix]
    return {end: {operator: sort_key(value.value)}}


def _quantity(value: QuantityValue, at: str) -> Filter:
    if value.base:
        return all_of([{f"{at}b": value.code}, _number(value.number, f"{at}bl", f"{at}bh")])
    parts = [_number(value.number, f"{at}l", f"{at}h"), _given(f"{at}s", value.system)]
    if value.code is not None:
        units = "c" if value.system is not None else "cn"
        parts.append(any_of([{f"{at}{unit}": value.code} for unit in units]))
    return all_of(parts)


def last_updated(value: DateValue) -> Filter:
    """The condition on `u`, the `last_updated` of a version, an interval of one microsecond."""
    within: Filter = {"u": {"$gte": value.low, "$lt": value.high}}
    match value.prefix:
        case "eq":
            return within
        case "ne":
            return negation(within)
        case "gt":
            return {"u": {"$gte": value.high}}
        case "lt":
            return {"u": {"$lt": value.low}}
        case "ge":
            return any_of([{"u": {"$gte": value.high}}, within])
        case "le":
            return any_of([{"u": {"$lt": value.low}}, within])
        case "sa":
            return {"u": {"$gte": value.high}}
        case "eb":
            return {"u": {"$lt": value.low}}
        case "ap":
            return {"u": {"$lt": value.high, "$gte": value.low}}


def own_id(value: Value, modifier: str | None) -> Filter:
    """The condition on `i`, the resource's id, which is a token without a system."""
    match value:
        case TokenValue(system, code) if not system:
            asked: Filter = {"i": prefix_range(code or "") if modifier == "below" else code}
            return asked if code is not None else ALWAYS
        case TokenSet("", codes):
            return {"i": {"$in": sorted(codes)}}
    return NEVER
