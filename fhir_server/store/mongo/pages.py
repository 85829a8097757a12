"""One page of the resources that a filter finds, as a pipeline with keyset pagination.

A page starts after the sort key of the last match before it.
https://www.mongodb.com/docs/manual/core/aggregation-pipeline/
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import Page, Sort, SortKey
from fhir_server.store.mongo import rows
from fhir_server.store.mongo.collections import CLOCK
from fhir_server.store.mongo.documents import ClockDocument
from fhir_server.store.mongo.filters import Filter, all_of, any_of
from fhir_server.store.mongo.text_entries import SEPARATOR, escaped, parameter_prefix, unescaped
from fhir_server.store.mongo.versions import OWN, Document

Stage = dict[str, Any]

_OWN_FIELDS = {"_id": "$i", "_lastUpdated": "$u"}
_CELLS = {
    "string": (rows.STRINGS, "x"),
    "reference": (rows.REFERENCES, "i"),
    "date": (rows.DATES, ""),
    "number": (rows.NUMBERS, ""),
    "quantity": (rows.QUANTITIES, ""),
}
"""The array and the cell that each type is sorted by; empty for intervals, which have two."""

_OLDEST_FIRST: Stage = {"$sort": {"f": 1}}
_WHOLE: Stage = {"$project": dict.fromkeys(OWN, 1)}
_PLACE: Stage = {"$project": {"f": 1}}

_FLAT = {"token": rows.TOKENS, "uri": rows.URIS}

_NO_VALUE = {False: True, True: None}
"""What replaces a missing value, by direction, so that it comes last in both: MongoDB sorts true after all
numbers and texts, and null before them. A sort key of its own would exceed the limit of 32 keys.
"""


def page_stages(
    found: Filter, sorts: Sequence[Sort], page: Page | None, limit: int, bodies: bool = True
) -> list[Stage]:
    """The first `limit` matches of the page, with their sort values as `s0`, `s1` and so on."""
    bounds: list[Filter] = []
    if page:
        bounds.append({"f": {"$lte": page.snapshot}})
        if not sorts:
            bounds.append({"f": {"$gt": page.after[-1]}})
    stages: list[Stage] = [{"$match": all_of([found, *bounds])}]
    if sorts:
        stages.append({"$set": {f"s{place}": _value(sort) for place, sort in enumerate(sorts)}})
        if page:
            stages.append({"$match": _after(sorts, page.after)})
    if not sorts:
        return [*stages, _OLDEST_FIRST, {"$limit": limit}, _WHOLE if bodies else _PLACE]
    fields = (*(OWN if bodies else ("f",)), *(f"s{place}" for place in range(len(sorts))))
    return [
        *stages,
        {"$sort": _order(sorts)},
        {"$limit": limit},
        {"$project": dict.fromkeys(fields, 1)},
    ]


def clock_stages(sorts: Sequence[Sort]) -> list[Stage]:
    """Add the clock to the matches. MongoDB guarantees no order of a union, so all is sorted again."""
    with_clock = {"coll": ClockDocument._get_collection_name(), "pipeline": [{"$match": {"_id": CLOCK}}]}
    return [{"$unionWith": with_clock}, {"$sort": _order(sorts)}]


def key_of(document: Document, sorts: Sequence[Sort]) -> SortKey:
    """The sort key of a match."""
    values = []
    for place, sort in enumerate(sorts):
        value = document.get(f"s{place}")
        if value is _NO_VALUE[sort.descending]:
            value = None
        elif isinstance(value, int):
            value = int(value)
        values.append(unescaped(value) if sort.type in _FLAT and isinstance(value, str) else value)
    return (*values, int(document["f"]))


def _order(sorts: Sequence[Sort]) -> dict[str, int]:
    order = {f"s{place}": -1 if sort.descending else 1 for place, sort in enumerate(sorts)}
    return {**order, "f": 1}


def _value(sort: Sort) -> Any:
    """The smallest value of a resource, or the greatest if descending; `_NO_VALUE` if it has none."""
    own = _OWN_FIELDS.get(sort.parameter)
    if own:
        return own
    values = _flat_values(sort) if sort.type in _FLAT else _cell_values(sort)
    return {"$ifNull": [{"$max" if sort.descending else "$min": values}, _NO_VALUE[sort.descending]]}


def _flat_values(sort: Sort) -> Stage:
    """The first cell of each text of the parameter, without the empty codes of concepts with only a text."""
    prefix = parameter_prefix(sort.parameter)
    of_parameter = {"$eq": [{"$substrCP": ["$$e", 0, len(prefix)]}, {"$literal": prefix}]}
    value = {"$arrayElemAt": [{"$split": ["$$e", SEPARATOR]}, 1]}
    values = {
        "$map": {
            "input": {
                "$filter": {"input": _array(_FLAT[sort.type]), "as": "e", "cond": of_parameter},
            },
            "as": "e",
            "in": value,
        }
    }
    if sort.type != "token":
        return values
    return {"$filter": {"input": values, "as": "c", "cond": {"$ne": ["$$c", ""]}}}


def _cell_values(sort: Sort) -> Stage:
    """One cell of each entry of the parameter, without entries for the end of a string."""
    array, cell = _CELLS[sort.type]
    cell = cell or ("h" if sort.descending else "l")
    asked: list[Any] = [{"$eq": ["$$e.p", {"$literal": sort.parameter}]}]
    if sort.type == "string":
        asked.append({"$ne": ["$$e.e", ""]})
    found = {"$filter": {"input": _array(array), "as": "e", "cond": {"$and": asked}}}
    return {"$map": {"input": found, "as": "e", "in": f"$$e.{cell}"}}


def _array(field: str) -> Stage:
    return {"$ifNull": [f"${field}", []]}


def _after(sorts: Sequence[Sort], after: SortKey) -> Filter:
    """The filter for matches after a sort key."""
    condition: Filter = {"f": {"$gt": after[-1]}}
    for place, sort in reversed(list(enumerate(sorts))):
        value, field = after[place], f"s{place}"
        missing: Filter = {field: {"$eq": _NO_VALUE[sort.descending]}}
        if value is None:
            condition = all_of([missing, condition])
            continue
        key = escaped(value) if sort.type in _FLAT and isinstance(value, str) else value
        further: Filter = {field: {"$lt" if sort.descending else "$gt": key}}
        tied = all_of([{field: {"$eq": key}}, condition])
        condition = any_of([further, tied, missing])
    return condition
