"""Filters for search values on index entries that are encoded as texts.

https://www.mongodb.com/docs/manual/reference/operator/query/elemMatch/
"""

from collections.abc import Iterable

from fhir_server.search.ast import OfTypeValue, TokenSet, TokenValue, UriValue, Value, WordValue
from fhir_server.store.mongo.conditions import END, literal
from fhir_server.store.mongo.filters import Filter, any_of, one_of, prefix_range
from fhir_server.store.mongo.text_entries import SEPARATOR, escaped, parameter_prefix, text_entry


def has_any(field: str, parameter: str) -> Filter:
    """The array has a text of the parameter."""
    return {field: {"$elemMatch": prefix_range(parameter_prefix(parameter))}}


def has_one_of(field: str, parameter: str, values: Iterable[Value], modifier: str | None) -> Filter:
    """The array has a text of the parameter that matches one of the values."""
    asked = [_operators(parameter, value, modifier) for value in values]
    if modifier == "ne":
        others = [{**prefix_range(parameter_prefix(parameter)), "$not": condition} for condition in asked]
        return any_of({field: {"$elemMatch": condition}} for condition in others)
    exact = [condition["$eq"] for condition in asked if "$eq" in condition]
    found: list[Filter] = [{field: one_of(exact)}] if exact else []
    return any_of(
        [*found, *({field: {"$elemMatch": condition}} for condition in asked if "$eq" not in condition)]
    )


def _operators(parameter: str, value: Value, modifier: str | None) -> Filter:
    match value:
        case TokenValue(system, code) if modifier == "below":
            begins = prefix_range(text_entry(parameter, code or ""))
            return {**begins, **_ends(system)}
        case TokenValue(str(system), str(code)):
            return {"$eq": text_entry(parameter, code, system)}
        case TokenValue(_, str(code)):
            return prefix_range(text_entry(parameter, code, ""))
        case TokenValue(system):
            return {**prefix_range(parameter_prefix(parameter)), **_ends(system)}
        case TokenSet(system, codes):
            return {"$in": [text_entry(parameter, code, system) for code in sorted(codes)]}
        case OfTypeValue(system, code, identifier):
            return {"$eq": text_entry(parameter, identifier, f"{system}|{code}")}
        case UriValue(uri) if modifier == "below":
            return prefix_range(text_entry(parameter, uri))
        case UriValue(uri) if modifier == "contains":
            anywhere = literal(SEPARATOR) + r"[\s\S]*" + literal(escaped(uri))
            return {**prefix_range(parameter_prefix(parameter)), "$regex": anywhere}
        case UriValue(text) | WordValue(text):
            return {"$eq": text_entry(parameter, text)}
    raise TypeError(f"not a value of a text: {value!r}")


def _ends(system: str | None) -> Filter:
    """The last cell is the system."""
    return {} if system is None else {"$regex": literal(SEPARATOR + escaped(system)) + END}
