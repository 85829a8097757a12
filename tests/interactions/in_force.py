"""Definitions that are put in force as they were before: to work out what has changed and to record it is
most of what a client on an empty store takes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

from fhir_server.search.extract import Extractor
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store, TypeIndex
from fhir_server.store.sqlite import SqliteStore
from tests.mongo import databases

KINDS = (MemoryStore, SqliteStore)
"""Those that are as the server has them; a test's own may refuse to be read."""

KNOWN_MAX = 8

Key = tuple[type[Store], Extractor]
Indexes = tuple[TypeIndex, ...]


@contextmanager
def in_force_before(store: Store, extractor: Extractor) -> Iterator[None]:
    """Puts the definitions of an extractor in force, which the block is about to put in force in an empty
    store, where the same was done before.
    """
    if databases.is_emptied(store):
        with databases.defined_before(extractor):
            yield
    elif type(store) not in KINDS or store.generation() or store.watermark() or store.documents(""):
        yield
    else:
        key = type(store), extractor
        known = _known().pop(key, None)
        if known is not None:
            store.transact(lambda unit: unit.define_indexes(known))
        yield
        _remember(key, known or tuple(store.indexes().values()))


def _remember(key: Key, indexes: Indexes) -> None:
    known = _known()
    known[key] = indexes
    if len(known) > KNOWN_MAX:
        del known[next(iter(known))]


@cache
def _known() -> dict[Key, Indexes]:
    """How an extractor indexes each type, as each kind of store told it, those used last at the end."""
    return {}
