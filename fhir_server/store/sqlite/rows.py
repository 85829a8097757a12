"""Index entries as rows of the index tables, and the difference between two versions' rows.

The rows of a resource are kept beside it, so that an update touches only those that change.
"""

import sqlite3
from collections.abc import Container, Iterable
from itertools import chain
from typing import Any, NamedTuple

import msgspec

from fhir_server.search.entries import (
    DateEntry,
    Entries,
    NumberEntry,
    QuantityEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
)
from fhir_server.store.sqlite.symbols import WritingSymbols

Row = tuple[Any, ...]
Rows = tuple[list[Row], ...]
"""The rows of one resource, a list for each of `TABLES`: the parameter, then the cells, without the key."""

TABLES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("string", ("text", "exact")),
    ("token", ("code", "system")),
    ("reference", ("target", "type", "version")),
    ("date", ("low", "high")),
    ("number", ("low", "high")),
    ("quantity", ("low", "high", "code", "system", "unit")),
    ("uri", ("value",)),
    ("composite", ("lead", "cells")),
    ("word", ("text",)),
    ("position", ("latitude", "longitude")),
)
UNKEYED = frozenset({"word"})
"""Tables without an index by resource: it has many words, and they are only ever sought one by one."""
COLUMNS = dict(TABLES)
NO_ROWS: Rows = tuple([] for _ in TABLES)

_ROWS_MAX = 16
"""Rows that one statement inserts at most, so that the statements stay few enough to be kept prepared."""


def _insert_statement(table: str, columns: tuple[str, ...], rows: int) -> str:
    """Clients may say the same thing twice, and then it is indexed once."""
    width = len(columns) + 1
    values = ", ".join(
        f"(?1, {', '.join(f'?{2 + width * row + column}' for column in range(width))})" for row in range(rows)
    )
    return f"INSERT OR IGNORE INTO {table} (key, parameter, {', '.join(columns)}) VALUES {values}"


_INSERTS = tuple(
    tuple(_insert_statement(table, columns, rows) for rows in range(1, _ROWS_MAX + 1))
    for table, columns in TABLES
)
_DELETES = tuple(
    f"DELETE FROM {table} WHERE parameter = ? AND {' AND '.join(f'{c} = ?' for c in columns)} AND key = ?"
    for table, columns in TABLES
)

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[tuple[Any, ...]], ...]).decode
_cells_text = msgspec.json.Encoder().encode


def pack(rows: Rows) -> bytes:
    """The rows as they are kept beside their resource."""
    return _encode(rows)


def unpack(blob: bytes) -> Rows:
    """The rows that `pack` packed, perhaps when there were fewer tables."""
    rows = _decode(blob)
    return rows + NO_ROWS[len(rows) :]


def insert_rows(connection: sqlite3.Connection, key: int, rows: Rows) -> None:
    """Index a resource that has no rows yet."""
    for statements, of_table in zip(_INSERTS, rows, strict=True):
        if of_table:
            _insert(connection, statements, key, of_table)


def _insert(connection: sqlite3.Connection, statements: tuple[str, ...], key: int, rows: list[Row]) -> None:
    """Many rows with one statement cost two thirds of one by one."""
    for start in range(0, len(rows), _ROWS_MAX):
        some = rows[start : start + _ROWS_MAX]
        connection.execute(statements[len(some) - 1], (key, *chain.from_iterable(some)))


def replace_rows(connection: sqlite3.Connection, key: int, old: Rows, new: Rows) -> None:
    """Bring the index from `old` to `new`, touching only the difference."""
    for insert, delete, before, after in zip(_INSERTS, _DELETES, old, new, strict=True):
        if before != after:
            surplus, missing = set(before).difference(after), set(after).difference(before)
            connection.executemany(delete, [(*row, key) for row in surplus])
            _insert(connection, insert, key, list(missing))


def replaced(rows: Rows, new: Rows, parameters: Container[int]) -> Rows:
    """The rows, with the new ones in place of those of some parameters."""
    return tuple(
        [row for row in before if row[0] not in parameters] + after
        for before, after in zip(rows, new, strict=True)
    )


def rows_of(type: str, entries: Entries, symbols: WritingSymbols) -> Rows:
    """The rows of a resource of `type` that is found by `entries`."""
    parameters = symbols.assigned_parameters(type)
    types, systems = symbols.assigned_types, symbols.assigned_systems
    return (
        [(parameters[code], text, exact) for code, text, exact in entries.strings],
        [(parameters[code], value, systems[uri]) for code, uri, value in entries.tokens],
        [
            (parameters[code], target, types[of_type], version)
            for code, of_type, target, version in entries.references
        ],
        [(parameters[code], low, high) for code, low, high in entries.dates],
        [(parameters[code], low, high) for code, low, high in entries.numbers],
        [(parameters[entry.parameter], *_cells(entry, symbols)) for entry in entries.quantities],
        [(parameters[code], value) for code, value in entries.uris],
        [(parameters[code], *_composite_cells(parts, symbols)) for code, parts in entries.composites],
        [(parameters[code], word) for code, word in entries.words],
        [(parameters[code], latitude, longitude) for code, latitude, longitude in entries.positions],
    )


def _composite_cells(components: Iterable[NamedTuple], symbols: WritingSymbols) -> Row:
    """The first cell of the first component, by which the table is ordered, and all cells as JSON."""
    cells = [_cells(component, symbols) for component in components]
    return cells[0][0], _cells_text(cells).decode()


def _cells(entry: NamedTuple, symbols: WritingSymbols) -> Row:
    """The cells of one entry, in the order of its table's columns."""
    match entry:
        case StringEntry(_, text, exact):
            return text, exact
        case TokenEntry(_, uri, code):
            return code, symbols.assigned_systems[uri]
        case ReferenceEntry(_, of_type, target, version):
            return target, symbols.assigned_types[of_type], version
        case DateEntry(_, low, high) | NumberEntry(_, low, high):
            return low, high
        case QuantityEntry(_, uri, code, unit, low, high):
            return low, high, code, symbols.assigned_systems[uri], unit
        case UriEntry(_, value):
            return (value,)
    raise TypeError(f"a composite cannot hold {entry!r}")
