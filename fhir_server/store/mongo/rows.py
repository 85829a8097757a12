"""Converts index entries to arrays of a document: of texts for tokens, URIs and words, else of sub-documents.

The arrays of a contained resource are in an element of `ct` under the same names, so that the same filters
work for it.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from fhir_server.search.entries import (
    Contained,
    DateEntry,
    Entries,
    Entry,
    NumberEntry,
    QuantityEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
)
from fhir_server.store.mongo.text_entries import distinct, parameter_of, text_entry

Cells = dict[str, Any]
Rows = dict[str, list[Any]]
"""The arrays of one resource by field name, without empty ones."""

TOKENS, URIS, WORDS = "tk", "ur", "wd"
STRINGS, REFERENCES, DATES, NUMBERS, QUANTITIES = "st", "rf", "dt", "nm", "qt"
COMPOSITES, POSITIONS, CONTAINED = "cp", "ps", "ct"

FLAT = frozenset({TOKENS, URIS, WORDS})
"""Arrays of texts."""
ARRAYS = (
    *(STRINGS, TOKENS, REFERENCES, DATES, NUMBERS, QUANTITIES, URIS, COMPOSITES, WORDS, POSITIONS),
    CONTAINED,
)
PARTS = "abcdefghij"
"""The field names of the components of a composite, in order."""


def rows_of(entries: Entries) -> Rows:
    """The arrays of a resource with these entries."""
    rows: Rows = {
        STRINGS: _once({"p": entry.parameter, **_string(entry)} for entry in entries.strings),
        TOKENS: distinct(text_entry(entry.parameter, entry.code, entry.system) for entry in entries.tokens),
        REFERENCES: _once({"p": entry.parameter, **_reference(entry)} for entry in entries.references),
        DATES: _once({"p": entry.parameter, **_interval(entry)} for entry in entries.dates),
        NUMBERS: _once({"p": entry.parameter, **_interval(entry)} for entry in entries.numbers),
        QUANTITIES: _once({"p": entry.parameter, **_quantity(entry)} for entry in entries.quantities),
        URIS: distinct(text_entry(entry.parameter, entry.value) for entry in entries.uris),
        COMPOSITES: _once(_composite(entry.parameter, entry.components) for entry in entries.composites),
        WORDS: distinct(text_entry(entry.parameter, entry.word) for entry in entries.words),
        POSITIONS: _once(
            {"p": entry.parameter, "g": [entry.longitude, entry.latitude]} for entry in entries.positions
        ),
        CONTAINED: [_contained(inner) for inner in entries.contained],
    }
    return {field: array for field, array in rows.items() if array}


def replaced(rows: Mapping[str, Any], new: Rows, parameters: Collection[str]) -> Rows:
    """The rows, with those of some parameters, and of what is derived from them, replaced by the new ones."""
    merged = {}
    for field in ARRAYS:
        kept = [row for row in rows.get(field, ()) if _code(field, row) not in parameters]
        if array := kept + new.get(field, []):
            merged[field] = array
    return merged


def _code(field: str, row: Any) -> str:
    parameter = parameter_of(row) if field in FLAT else row["p"]
    return str(parameter).partition(":")[0]


def _once(rows: Iterable[Cells]) -> list[Cells]:
    """Each row once. There are few, so comparing them is cheaper than hashing."""
    found: list[Cells] = []
    for row in rows:
        if row not in found:
            found.append(row)
    return found


def _contained(inner: Contained) -> Cells:
    return {"p": inner.parameter, "t": inner.type, **rows_of(inner.entries)}


def _string(entry: Any) -> Cells:
    return {"x": entry.text, "e": entry.exact}


def _token(entry: Any) -> Cells:
    return {"c": entry.code, "s": entry.system}


def _reference(entry: Any) -> Cells:
    return {"i": entry.target, "t": entry.type, "v": entry.version}


def _interval(entry: Any) -> Cells:
    return {"l": entry.low, "h": entry.high}


def _quantity(entry: Any) -> Cells:
    return {**_interval(entry), "c": entry.code, "s": entry.system, "n": entry.unit}


def _quantity_part(entry: Any) -> Cells:
    in_base = {"b": entry.base, "bl": entry.base_low, "bh": entry.base_high} if entry.base else {}
    return {**_quantity(entry), **in_base}


def _composite(code: str, components: Iterable[Entry]) -> Cells:
    """The components by field name, and the first cell of the first, by which composites are looked up."""
    parts = {name: _PARTS[type(part)](part) for name, part in zip(PARTS, components, strict=False)}
    return {"p": code, "k": next(iter(parts[PARTS[0]].values())), **parts}


_PARTS: Mapping[type[Entry], Callable[[Any], Cells]] = {
    StringEntry: _string,
    TokenEntry: _token,
    ReferenceEntry: _reference,
    DateEntry: _interval,
    NumberEntry: _interval,
    QuantityEntry: _quantity_part,
    UriEntry: lambda entry: {"u": entry.value},
}
"""The cells of each kind of entry that a composite may hold; composites are looked up by the first."""
