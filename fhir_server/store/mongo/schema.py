"""Collections and indexes, and the migrations that upgrade an older store.

https://www.mongodb.com/docs/manual/core/index-creation/
"""

import uuid
from collections.abc import Callable, Iterator
from hashlib import blake2b
from secrets import token_bytes
from typing import Any

import pymongo
from pymongo import IndexModel
from pymongo.errors import CollectionInvalid, OperationFailure

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.mongo.collections import CLOCK, COLLECTIONS, DOCUMENTS, Collections
from fhir_server.store.mongo.connection import NO_TIMEOUT

Migration = Callable[[Collections], None]

_OF_THE_DATABASE = "system."
"""The prefix of the database's own collections, such as that of its profiler."""

_SCHEMA, _INDEXES, EPOCH, SECRET = "schema", "indexes", "epoch", "secret"


def _create(collections: Collections) -> None:
    """Create an empty store. Several processes may do so at the same time."""
    for name in COLLECTIONS:
        try:
            collections.database.create_collection(name)
        except (CollectionInvalid, OperationFailure):
            if name not in collections.database.list_collection_names():
                raise
    _put_once(collections.clock, CLOCK, {"n": 0, "s": 0, "u": 0, "g": 0})
    _put_once(collections.meta, SECRET, {"value": token_bytes(32)})
    _put_once(collections.meta, EPOCH, {"value": str(uuid.uuid4())})


MIGRATIONS: tuple[Migration, ...] = (_create,)
"""The steps from each schema version to the next; version 0 is an empty database.

An interrupted migration is run again from its start.
"""


def prepare(collections: Collections, indexes: bool = True) -> None:
    """Create or migrate a store, and build its missing indexes.

    Raises `ValueError` for a database of another application; `StoreUnavailable` for a store of a newer
    server, and for an index that cannot be built.
    """
    meta = {document["_id"]: document.get("value") for document in collections.meta.find()}
    version = int(meta.get(_SCHEMA) or 0)
    if version > len(MIGRATIONS):
        raise errors.StoreUnavailable.of(messages.STORE_NEWER(found=version, known=len(MIGRATIONS)))
    if version == 0:
        _check_unused(collections)
    with pymongo.timeout(NO_TIMEOUT):
        for number, migrate in enumerate(MIGRATIONS[version:], start=version + 1):
            migrate(collections)
            _put(collections.meta, _SCHEMA, {"value": number})
        if indexes and meta.get(_INDEXES) != _fingerprint():
            build_indexes(collections)


def build_indexes(collections: Collections) -> int:
    """Build the declared indexes that are missing, while reads and writes go on; the number of all
    declared.
    """
    built = 0
    for collection, indexes in _declared(collections):
        try:
            with pymongo.timeout(NO_TIMEOUT):
                built += len(collection.create_indexes(indexes))
        except OperationFailure as error:
            names = ", ".join(str(index.document["name"]) for index in indexes)
            reason = f"{type(error).__name__} {error.code}: {(error.details or {}).get('errmsg', '')}"
            text = messages.INDEX_REFUSED(index=f"{collection.name}: {names}", reason=reason)
            raise errors.StoreUnavailable.of(text) from error
    _put(collections.meta, _INDEXES, {"value": _fingerprint()})
    return built


def _declared(collections: Collections) -> Iterator[tuple[Any, list[IndexModel]]]:
    """The indexes of each collection that has any."""
    for name, document in zip(COLLECTIONS, DOCUMENTS, strict=True):
        indexes = [
            IndexModel(declared["fields"], **{key: part for key, part in declared.items() if key != "fields"})
            for declared in document._meta["index_specs"]
        ]
        if indexes:
            yield collections.database[name], indexes


def _fingerprint() -> str:
    """A hash of the declarations, by which indexes of other declarations are noticed."""
    declared = repr([document._meta["index_specs"] for document in DOCUMENTS])
    return blake2b(declared.encode(), digest_size=8).hexdigest()


def _check_unused(collections: Collections) -> None:
    names = collections.database.list_collection_names()
    others = {name for name in names if not name.startswith(_OF_THE_DATABASE)}.difference(COLLECTIONS)
    if others:
        raise ValueError(
            f"the database '{collections.database.name}' is another application's "
            f"(it has '{min(others)}'); name another"
        )


def _put(collection: Any, key: str, fields: dict[str, Any]) -> None:
    collection.update_one({"_id": key}, {"$set": fields}, upsert=True)


def _put_once(collection: Any, key: str, fields: dict[str, Any]) -> None:
    collection.update_one({"_id": key}, {"$setOnInsert": fields}, upsert=True)


def identity(collections: Collections) -> tuple[str, bytes]:
    """The epoch and the secret."""
    meta = {
        document["_id"]: document["value"]
        for document in collections.meta.find({"_id": {"$in": [EPOCH, SECRET]}})
    }
    return str(meta[EPOCH]), bytes(meta[SECRET])


def set_identity(collections: Collections, epoch: str, secret: bytes) -> None:
    """Give the store the epoch and the secret of another store."""
    _put(collections.meta, EPOCH, {"value": epoch})
    _put(collections.meta, SECRET, {"value": secret})
