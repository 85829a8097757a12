"""How each type is indexed, and the generation, by which all processes notice when that has changed.

https://hl7.org/fhir/R4/searchparameter.html
"""

import sqlite3
from collections.abc import Iterable

import msgspec

from fhir_server.store.generation import new_generation
from fhir_server.store.port import TypeIndex

GENERATION = "SELECT value FROM meta WHERE name = 'generation'"
_RECORD = "INSERT OR REPLACE INTO indexes (type, fingerprints, pending) VALUES (?, ?, ?)"

_encode = msgspec.json.Encoder().encode
_fingerprints = msgspec.json.Decoder(dict[str, str]).decode
_pending = msgspec.json.Decoder(frozenset[str]).decode


def read_generation(connection: sqlite3.Connection) -> int:
    """The generation of the store; 0 before the first."""
    row = connection.execute(GENERATION).fetchone()
    return int(row[0]) if row else 0


def read_indexes(connection: sqlite3.Connection) -> dict[str, TypeIndex]:
    """What is recorded about every type."""
    rows = connection.execute("SELECT type, fingerprints, pending FROM indexes")
    return {type: TypeIndex(type, _fingerprints(known), _pending(left)) for type, known, left in rows}


def define_indexes(connection: sqlite3.Connection, indexes: Iterable[TypeIndex]) -> int:
    """Record how some types are indexed, under a new generation."""
    rows = [(one.type, _encode(dict(one.fingerprints)), _encode(sorted(one.pending))) for one in indexes]
    connection.executemany(_RECORD, rows)
    generation = new_generation()
    connection.execute("INSERT OR REPLACE INTO meta VALUES ('generation', ?)", (generation,))
    return generation
