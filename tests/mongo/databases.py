"""Databases of the tests' server: to empty one takes a tenth of the time that a new one takes."""

import atexit
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any
from weakref import WeakSet

from pymongo import DeleteMany, InsertOne, MongoClient, ReplaceOne, UpdateOne

from fhir_server.store.clock import wall_clock
from fhir_server.store.mongo import MongoStore, address_of
from fhir_server.store.port import Store
from tests.mongo.server import database_uri

CLOCK = {"n": 0, "s": 0, "u": 0, "g": 0}
DEFINITIONS_MAX = 4


def new_store(indexes: bool = False, clock: Callable[[], int] = wall_clock) -> MongoStore:
    """A store in a database of its own."""
    return MongoStore(address_of(database_uri()), clock=clock, indexes=indexes)


@cache
def _reused(indexes: bool) -> str:
    """The URI of a database that is emptied time and again."""
    uri = database_uri()
    MongoStore(address_of(uri), indexes=indexes).close()
    return uri


def emptied_store(indexes: bool = False, clock: Callable[[], int] = wall_clock) -> MongoStore:
    """An empty store where another one was before, which must be closed."""
    address = address_of(_reused(indexes))
    names = ("resources", "history", "uniques", "definitions", "kept", "jobs", "writers")
    emptied: list[DeleteMany | UpdateOne] = [
        DeleteMany({}, namespace=f"{address.database}.{name}") for name in names
    ]
    emptied.append(UpdateOne({}, {"$set": CLOCK}, namespace=f"{address.database}.clock"))
    _client(address.uri).bulk_write(emptied)
    store = MongoStore(address, clock=clock, indexes=indexes)
    if not indexes:
        _emptied().add(store)
    return store


def emptied_uri() -> str:
    """Where an empty store with its indexes is, for a server that opens it itself."""
    emptied_store(indexes=True).close()
    return _reused(True)


Contents = dict[str, list[Any]]
"""The documents of an emptied store that has been written to, by collection."""


def contents() -> Contents:
    """What the store that was emptied last has come to hold."""
    address = address_of(_reused(False))
    database = _client(address.uri)[address.database]
    return {name: list(database[name].find()) for name in ("resources", "history", "uniques", "clock")}


def fill(found: Contents) -> None:
    """Bring the store that was emptied last to where another one was."""
    address = address_of(_reused(False))
    (clock,) = found["clock"]
    moved = {"$set": {"s": clock["s"], "u": clock["u"]}}
    writes: list[InsertOne[Any] | UpdateOne] = [UpdateOne({}, moved, namespace=f"{address.database}.clock")]
    for name in ("resources", "history", "uniques"):
        writes += [InsertOne(one, namespace=f"{address.database}.{name}") for one in found[name]]
    _client(address.uri).bulk_write(writes)


def is_emptied(store: Store) -> bool:
    """Whether a store, without indexes, is in the database that is emptied time and again."""
    return store in _emptied()


@contextmanager
def defined_before(definitions: Hashable) -> Iterator[None]:
    """Puts definitions in force that the block is about to put in force in the store that was emptied last,
    which is still empty, where the same was done before: to record them is half of what many a test in
    MongoDB takes.
    """
    address, recent = address_of(_reused(False)), _recent_definitions()
    client = _client(address.uri)
    database = client[address.database]
    if database["clock"].count_documents(CLOCK) == 0:
        yield
        return
    known = recent.pop(definitions, None)
    if known is not None:
        client.bulk_write(
            [
                ReplaceOne(
                    {"_id": one["_id"]}, one, upsert=True, namespace=f"{address.database}.{collection}"
                )
                for collection, (one,) in known.items()
            ]
        )
    yield
    recent[definitions] = known or {name: list(database[name].find()) for name in ("definitions", "clock")}
    if len(recent) > DEFINITIONS_MAX:
        del recent[next(iter(recent))]


@cache
def _emptied() -> WeakSet[Store]:
    """The stores, without indexes, in the database that is emptied time and again."""
    return WeakSet()


@cache
def _recent_definitions() -> dict[Hashable, Contents]:
    """What came of putting definitions in force, those used last at the end."""
    return {}


@cache
def _client(uri: str) -> MongoClient[Any]:
    """A connection that stays until the end."""
    client: MongoClient[Any] = MongoClient(uri)
    atexit.register(client.close)
    return client
