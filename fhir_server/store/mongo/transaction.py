"""One transaction: what it has read, what it is going to write, and how far a unit in it can be undone.

Writes are kept here and sent in one go, before the commit or before a search that must see them. MongoDB has
no savepoints; so a unit is undone by putting back what it changed, and where that was sent already, by
sending what was there before.
https://www.mongodb.com/docs/manual/core/transactions/
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

from pymongo import DeleteOne, InsertOne, ReplaceOne, ReturnDocument, UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import ClientBulkWriteException, DocumentTooLarge, OperationFailure, PyMongoError

from fhir_server.store.mongo.collections import CLOCK, Collections, Document, SessionView
from fhir_server.store.mongo.error_translation import TOO_LARGE
from fhir_server.store.mongo.identifier_lookups import IdentifierLookups

Write = DeleteOne | InsertOne[Any] | ReplaceOne[Any] | UpdateOne
_DUPLICATE_KEY = 11000
_UNKNOWN: Any = object()


class IdTaken(Exception):
    """A resource was there that was thought to be new; run the units again, looking before each write."""


@dataclass(slots=True)
class Time:
    """The clock as a transaction leaves it."""

    sequence: int
    updated: int
    generation: int


@dataclass(slots=True)
class Table:
    """The documents of one collection as the transaction sees them, None for those that are not there."""

    collection: Collection[Any]
    documents: dict[str, Document | None] = field(default_factory=dict)
    unsent: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    blind: set[str] = field(default_factory=set)
    """What was not looked for before it was written."""

    def has_written(self, key: str) -> bool:
        """Whether the document is as this transaction leaves it."""
        return key in self.unsent or key in self.sent

    def writes(self) -> Iterator[Write]:
        """What brings the collection to this state."""
        namespace = self.collection.full_name
        for key in self.unsent:
            document = self.documents[key]
            if document is None:
                yield DeleteOne({"_id": key}, namespace=namespace)
            elif key in self.blind and key not in self.sent:
                yield InsertOne(document, namespace=namespace)
            else:
                yield ReplaceOne(_identity(document), document, upsert=True, namespace=namespace)


def _cause(error: ClientBulkWriteException) -> PyMongoError:
    """What ended the whole command, which also says whether it may be tried again, or the first of the writes
    that were refused.
    """
    if isinstance(error.error, PyMongoError):
        return error.error
    refused: Any = error.write_errors
    return OperationFailure(refused[0].get("errmsg", ""), refused[0]["code"]) if refused else error


def _identity(document: Document) -> dict[str, Any]:
    """The key, and with it what tells the shard."""
    return {field: document[field] for field in ("_id", "r") if field in document}


class Transaction:
    """Reads and writes within the transaction that is open on a session."""

    def __init__(self, collections: Collections, session: ClientSession, careful: bool = False) -> None:
        self.view = SessionView(collections, session)
        self.careful = careful
        self.resources = Table(collections.resources)
        self.history = Table(collections.history)
        self.uniques = Table(collections.uniques)
        self.definitions = Table(collections.definitions)
        self.kept = Table(collections.kept)
        self.lookups = IdentifierLookups(self.view, self.resources)
        self._tables = (self.resources, self.history, self.uniques, self.definitions, self.kept)
        self._collections = collections
        self._session = session
        self._time: Time | None = None
        self._ticked = False
        self._clock_sent = False
        self._journal: list[tuple[Table, str, Any]] = []
        self._before: Time | None = None

    @property
    def time(self) -> Time:
        """The clock, which from here on is this transaction's alone.

        Whoever else changes it has to wait until this one ends; and if anybody did since this transaction
        began, it is refused here, and begun again. So transactions that write come one after the other.
        """
        if self._time is None:
            found: Any = self._collections.clock.find_one_and_update(
                {"_id": CLOCK},
                {"$inc": {"n": 1}},
                return_document=ReturnDocument.AFTER,
                session=self._session,
            )
            self._before = Time(int(found["s"]), int(found["u"]), int(found["g"]))
            self._time = replace(self._before)
        return self._time

    def claim(self) -> None:
        """Take the clock."""
        assert self.time

    @property
    def has_clock(self) -> bool:
        return self._time is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not self._ticked and not any(table.unsent or table.sent for table in self._tables)

    def tick(self, now: int) -> int:
        """The next sequence, at a time."""
        self.move(self.time.sequence + 1, now)
        return self.time.sequence

    def move(self, sequence: int, updated: int) -> None:
        """Set the clock to a sequence and its time."""
        self.time.sequence, self.time.updated = sequence, updated
        self._ticked = True

    def renew(self, generation: int) -> None:
        """Give the definitions another generation."""
        self.time.generation = generation
        self._ticked = True

    def find(self, table: Table, key: str) -> Document | None:
        """The document with a key, looked up once."""
        if key not in table.documents:
            table.documents[key] = table.collection.find_one({"_id": key}, session=self._session)
        return table.documents[key]

    def knows(self, table: Table, key: str) -> bool:
        """Whether the document, or its absence, is known without looking."""
        return key in table.documents

    def prefetch(self, table: Table, keys: list[str]) -> None:
        """Look several documents up at once."""
        missing = [key for key in keys if key not in table.documents]
        if missing:
            table.documents.update(dict.fromkeys(missing))
            for document in table.collection.find({"_id": {"$in": missing}}, session=self._session):
                table.documents[document["_id"]] = document

    def set(self, table: Table, key: str, document: Document | None, new: bool = False) -> None:
        """Write a document, or remove it with None. One that is not `new` must have been looked up before."""
        before = table.documents.get(key, _UNKNOWN)
        if new and before is _UNKNOWN:
            table.blind.add(key)
        self._journal.append((table, key, before))
        self._put(table, key, document)
        table.unsent.add(key)

    def _put(self, table: Table, key: str, document: Document | None) -> None:
        table.documents[key] = document
        if table is self.resources:
            self.lookups.add_written(key, document)

    def owned_by(self, owner: str) -> list[str]:
        """The unique keys that a resource holds."""
        for found in self._collections.uniques.find({"o": owner}, session=self._session):
            self.uniques.documents.setdefault(found["_id"], found)
        return [
            key for key, document in self.uniques.documents.items() if document and document["o"] == owner
        ]

    def mark(self) -> tuple[int, Time | None, bool]:
        """Where a unit begins."""
        return len(self._journal), replace(self._time) if self._time else None, self._ticked

    def undo_to(self, mark: tuple[int, Time | None, bool]) -> None:
        """Take back all since then. What the clock said before is sent with the next writes."""
        length, time, ticked = mark
        self._ticked = ticked or self._clock_sent
        while len(self._journal) > length:
            table, key, before = self._journal.pop()
            self._restore(table, key, before)
        if self._before is not None:
            self._time = time or replace(self._before)

    def _restore(self, table: Table, key: str, before: Any) -> None:
        if key in table.sent:
            self._put(table, key, None if before is _UNKNOWN else before)
            table.unsent.add(key)
            return
        if before is _UNKNOWN:
            table.documents.pop(key)
            table.blind.discard(key)
        else:
            table.documents[key] = before
        if before is _UNKNOWN or not self._is_written(table, key):
            table.unsent.discard(key)

    def _is_written(self, table: Table, key: str) -> bool:
        return any(written is table and name == key for written, name, _ in self._journal)

    def send(self) -> None:
        """Let the database know all writes so far."""
        writes = [write for table in self._tables for write in table.writes()]
        if not writes and not self._ticked:
            return
        time = self.time
        change = {"$set": {"s": time.sequence, "u": time.updated, "g": time.generation}}
        namespace = self._collections.clock.full_name
        writes.append(UpdateOne({"_id": CLOCK}, change, namespace=namespace))
        try:
            self._collections.client.bulk_write(writes, session=self._session)
        except DocumentTooLarge as error:
            # The driver does not send it, and does not count this among its own errors.
            raise OperationFailure(str(error), TOO_LARGE) from error
        except ClientBulkWriteException as error:
            cause = _cause(error)
            if isinstance(cause, OperationFailure) and cause.code == _DUPLICATE_KEY:
                raise IdTaken from error
            raise cause from error
        self._clock_sent = True
        for table in self._tables:
            table.sent |= table.unsent
            table.unsent.clear()
