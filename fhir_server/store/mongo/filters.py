"""Filters of MongoDB's query language, and their combinations.

https://www.mongodb.com/docs/manual/reference/operator/query-logical/
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fhir_server.core.prefix_range import prefix_upper_bound

Filter = Mapping[str, Any]

ALWAYS: Filter = {}
NEVER: Filter = {"f": {"$in": []}}
"""No value is in an empty list."""


def all_of(filters: Iterable[Filter]) -> Filter:
    """The conjunction of the filters."""
    parts = [part for part in filters if part]
    if NEVER in parts:
        return NEVER
    if len(parts) < 2:
        return parts[0] if parts else ALWAYS
    return {"$and": parts}


def any_of(filters: Iterable[Filter]) -> Filter:
    """The disjunction of the filters."""
    parts = [part for part in filters if part != NEVER]
    if not all(parts):
        return ALWAYS
    if len(parts) < 2:
        return parts[0] if parts else NEVER
    return {"$or": parts}


def negation(part: Filter) -> Filter:
    """The negation of a filter."""
    if not part:
        return NEVER
    return ALWAYS if part == NEVER else {"$nor": [part]}


def one_element(array: str, cells: Filter, *filters: Filter) -> Filter:
    """One element of an array of sub-documents has these cells and satisfies all filters."""
    asked = all_of(filters)
    if NEVER in (asked, cells):
        return NEVER
    return {array: {"$elemMatch": {**cells, "$and": [asked]} if asked else cells}}


def one_of(values: Sequence[str]) -> Any:
    """The condition that a field has one of the values."""
    return values[0] if len(values) == 1 else {"$in": list(values)}


def prefix_range(prefix: str) -> Filter:
    """The operators for texts that start with `prefix`, as a range that an index can seek."""
    after = prefix_upper_bound(prefix)
    return {"$gte": prefix} if after is None else {"$gte": prefix, "$lt": after}
