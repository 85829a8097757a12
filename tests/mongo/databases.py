"""Databases of the tests' server: to empty one takes a tenth of the time that a new one takes."""

from collections.abc import Callable
from functools import cache

from pymongo import MongoClient

from fhir_server.store.clock import wall_clock
from fhir_server.store.mongo import MongoStore, address_of
from tests.mongo.server import database_uri

CLOCK = {"n": 0, "s": 0, "u": 0, "g": 0}


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
    with MongoClient(address.uri) as client:
        database = client[address.database]
        for name in ("resources", "history", "uniques", "definitions", "kept", "jobs"):
            database[name].delete_many({})
        database["clock"].update_one({}, {"$set": CLOCK})
    return MongoStore(address, clock=clock, indexes=indexes)
