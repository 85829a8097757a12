"""Converts index entries to rows of the index tables, and writes them.

The rows of a resource are also stored with it, packed, so that an update writes only those that change.
"""

import sqlite3
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec

from fhir_server.search.entries import (
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
from fhir_server.store.sqlite.contained import PRESENCE, contained_type, presence_parameter
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
"""Tables without an index by resource: a resource has many words, and they are only looked up one by one."""
COLUMNS = dict(TABLES)
PART_COLUMNS = COLUMNS | {"quantity": (*COLUMNS["quantity"], "base", "base_low", "base_high")}
"""The cells of an entry that is a component of a composite."""
NO_ROWS: Rows = tuple([] for _ in TABLES)
TOKENS, REFERENCES = (list(COLUMNS).index(table) for table in ("token", "reference"))
"""The positions of these tables in `Rows`."""

_ROWS_AT_ONCE = (128, 16)
"""Rows inserted by one statement, as long as there are so many. By 16 they cost two thirds of one by one. By
more they are not cheaper, but each statement releases the interpreter's lock and may have to wait for it.
"""


_INSERT = {
    table: f"INSERT OR IGNORE INTO {table} ({', '.join(('parameter', *columns, 'key'))})"
    for table, columns in TABLES
}
"""A resource may contain the same value twice; it is indexed once."""
_DELETE = {
    table: f"DELETE FROM {table} WHERE {' AND '.join(f'{c} = ?' for c in ('parameter', *columns, 'key'))}"
    for table, columns in TABLES
}
"""Takes one row: the parameter, the cells, the key of the resource."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[list[tuple[Any, ...]], ...]).decode
_decode_tables = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_table = msgspec.msgpack.Decoder(list[tuple[Any, ...]]).decode
_cells_text = msgspec.json.Encoder().encode


def pack(rows: Rows) -> bytes:
    """The rows as stored with their resource."""
    return _encode(rows)


def unpack(blob: bytes) -> Rows:
    """The rows that `pack` packed, perhaps in a version with fewer tables."""
    rows = _decode(blob)
    return rows + NO_ROWS[len(rows) :]


def unpack_at_once(blob: bytes) -> tuple[list[Row], list[Row]]:
    """The rows of tokens and of references that `pack` packed, in half the time of `unpack`."""
    tables = _decode_tables(blob)
    return _decode_table(tables[TOKENS]), _decode_table(tables[REFERENCES])


def insert_rows(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows into an index table, each with the key of its resource after its cells."""
    insert(connection, _INSERT[table], rows)


def insert_cells(connection: sqlite3.Connection, table: str, cells: Sequence[Any]) -> None:
    """Like `insert_rows`, given the cells of all rows in one flat sequence."""
    _insert(connection, _INSERT[table], cells, width(table))


def width(table: str) -> int:
    """The number of cells in a row of an index table, including the parameter and the key."""
    return len(COLUMNS[table]) + 2


def insert(connection: sqlite3.Connection, into: str, rows: Sequence[Row]) -> None:
    """Insert rows by a few statements that start with `into`."""
    if rows:
        _insert(connection, into, list(chain.from_iterable(rows)), len(rows[0]))


def _insert(connection: sqlite3.Connection, into: str, cells: Sequence[Any], width: int) -> None:
    done, count = 0, len(cells)
    for rows in _ROWS_AT_ONCE:
        size = rows * width
        end = count - (count - done) % size
        if done < end:
            groups = (cells[start : start + size] for start in range(done, end, size))
            connection.executemany(_with_values(into, rows, width), groups)
            done = end
    if done < count:
        connection.execute(_with_values(into, (count - done) // width, width), cells[done:])


@cache
def _with_values(into: str, rows: int, cells: int) -> str:
    values = ", ".join([f"({', '.join('?' * cells)})"] * rows)
    return f"{into} VALUES {values}"


def delete_rows(connection: sqlite3.Connection, table: str, rows: Iterable[Row]) -> None:
    """Delete rows of an index table, each with the key of its resource after its cells."""
    connection.executemany(_DELETE[table], rows)


def replaced(rows: Rows, new: Rows, parameters: Container[int]) -> Rows:
    """The rows, with those of some parameters replaced by the new ones."""
    return tuple(
        [row for row in before if row[0] not in parameters] + after
        for before, after in zip(rows, new, strict=True)
    )


def at_once(
    tokens: Iterable[Row], references: Iterable[Row], parameters: Container[int]
) -> tuple[set[Row], set[Row]]:
    """The rows that are written with their resource: tokens of these parameters, and all references."""
    return {row for row in tokens if row[0] in parameters}, set(references)


def rows_of(type: str, entries: Entries, symbols: WritingSymbols) -> Rows:
    """The index rows of a resource of `type` with these entries, including those of contained resources."""
    rows = _own_rows(type, entries, symbols)
    if not entries.contained:
        return rows
    gathered = tuple(dict.fromkeys(of_table) for of_table in rows)
    _add_contained(gathered, type, entries, symbols)
    return tuple(list(of_table) for of_table in gathered)


def _add_contained(
    gathered: tuple[dict[Row, None], ...], type: str, entries: Entries, symbols: WritingSymbols
) -> None:
    """Add the rows of contained resources, each once; `type` is that of their container."""
    places = Counter[tuple[str, str]]()
    for inner in entries.contained:
        name = contained_type(type, inner.parameter, inner.type, places[inner.parameter, inner.type])
        places[inner.parameter, inner.type] += 1
        trailed = Entries(tokens=[TokenEntry(presence_parameter(inner.parameter), "", "")])
        present = msgspec.structs.replace(
            inner.entries, tokens=[*inner.entries.tokens, TokenEntry(PRESENCE, "", "")]
        )
        for more in _own_rows(type, trailed, symbols), _own_rows(name, present, symbols):
            for held, rows in zip(gathered, more, strict=True):
                held.update(dict.fromkeys(rows))
        _add_contained(gathered, name, inner.entries, symbols)


def _own_rows(type: str, entries: Entries, symbols: WritingSymbols) -> Rows:
    parameters = symbols.assigned_parameters(type)
    types, systems = symbols.assigned_types, symbols.assigned_systems
    return (
        [(parameters[e.parameter], e.text, e.exact) for e in entries.strings],
        [(parameters[e.parameter], e.code, systems[e.system]) for e in entries.tokens],
        [(parameters[e.parameter], e.target, types[e.type], e.version) for e in entries.references],
        [(parameters[e.parameter], e.low, e.high) for e in entries.dates],
        [(parameters[e.parameter], e.low, e.high) for e in entries.numbers],
        [(parameters[e.parameter], *_quantity_cells(e, symbols)) for e in entries.quantities],
        [(parameters[e.parameter], e.value) for e in entries.uris],
        [(parameters[e.parameter], *_composite_cells(e.components, symbols)) for e in entries.composites],
        [(parameters[e.parameter], e.word) for e in entries.words],
        [(parameters[e.parameter], e.latitude, e.longitude) for e in entries.positions],
    )


def _composite_cells(components: Iterable[Entry], symbols: WritingSymbols) -> Row:
    """The first cell of the first component, by which the table is sorted, and all cells as JSON."""
    cells = [_PART_CELLS[type(component)](component, symbols) for component in components]
    return cells[0][0], _cells_text(cells).decode()


def _quantity_cells(entry: QuantityEntry, symbols: WritingSymbols) -> Row:
    return entry.low, entry.high, entry.code, symbols.assigned_systems[entry.system], entry.unit


_PART_CELLS: Mapping[type[Entry], Callable[[Any, WritingSymbols], Row]] = {
    StringEntry: lambda entry, _: (entry.text, entry.exact),
    TokenEntry: lambda entry, symbols: (entry.code, symbols.assigned_systems[entry.system]),
    ReferenceEntry: lambda entry, symbols: (
        entry.target,
        symbols.assigned_types[entry.type],
        entry.version,
    ),
    DateEntry: lambda entry, _: (entry.low, entry.high),
    NumberEntry: lambda entry, _: (entry.low, entry.high),
    QuantityEntry: lambda entry, symbols: (
        *_quantity_cells(entry, symbols),
        *(entry.base, entry.base_low, entry.base_high),
    ),
    UriEntry: lambda entry, _: (entry.value,),
}
"""The cells of each kind of entry that a composite may hold, in the order of `PART_COLUMNS`."""
