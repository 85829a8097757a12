"""One transaction: what it has read, its buffered writes, and the rollback of single units in it.

Writes are buffered and sent together, before the commit or before a search that must see them. MongoDB has no
savepoints, so a unit is rolled back by restoring the documents that it changed; if these were already sent,
their former versions are sent again.
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
    """A resource that was taken to be new exists; run the units again, and read before each write."""


@dataclass(slots=True)
class Time:
    """The clock as a transaction leaves it."""

    sequence: int
    updated: int
    generation: int


@dataclass(slots=True)
class DocumentBuffer:
    """The documents of one collection as the transaction sees them, None for missing ones."""

    collection: Collection[Any]
    documents: dict[str, Document | None] = field(default_factory=dict)
    unsent: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    unread: set[str] = field(default_factory=set)
    """Documents that were written without being read first."""

    def has_written(self, key: str) -> bool:
        """Whether this transaction has written the document."""
        return key in self.unsent or key in self.sent

    def writes(self) -> Iterator[Write]:
        """The commands for the writes that were not sent yet."""
        namespace = self.collection.full_name
        for key in self.unsent:
            document = self.documents[key]
            if document is None:
                yield DeleteOne({"_id": key}, namespace=namespace)
            elif key in self.unread and key not in self.sent:
                yield InsertOne(document, namespace=namespace)
            else:
                yield ReplaceOne(_identity(document), document, upsert=True, namespace=namespace)


def _cause(error: ClientBulkWriteException) -> PyMongoError:
    """The error that ended the whole command, which also tells whether to retry it, or else that of the first
    refused write.
    """
    if isinstance(error.error, PyMongoError):
        return error.error
    refused: Any = error.write_errors
    return OperationFailure(refused[0].get("errmsg", ""), refused[0]["code"]) if refused else error


def _identity(document: Document) -> dict[str, Any]:
    """The key, and the field that determines the shard."""
    return {field: document[field] for field in ("_id", "r") if field in document}


class Transaction:
    """Reads and writes within the transaction that is open on a session."""

    def __init__(self, collections: Collections, session: ClientSession, reads_first: bool = False) -> None:
        self.view = SessionView(collections, session)
        self.reads_first = reads_first
        self.resources = DocumentBuffer(collections.resources)
        self.history = DocumentBuffer(collections.history)
        self.uniques = DocumentBuffer(collections.uniques)
        self.definitions = DocumentBuffer(collections.definitions)
        self.kept = DocumentBuffer(collections.kept)
        self.lookups = IdentifierLookups(self.view, self.resources)
        self._tables = (self.resources, self.history, self.uniques, self.definitions, self.kept)
        self._collections = collections
        self._session = session
        self._time: Time | None = None
        self._clock_changed = False
        self._clock_sent = False
        self._journal: list[tuple[DocumentBuffer, str, Any]] = []
        self._before: Time | None = None

    @property
    def time(self) -> Time:
        """The clock. The first access locks it for this transaction.

        Others that change it wait until this transaction ends; and if one has changed it since this
        transaction began, this one fails here and is retried. So writing transactions are serialised.
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

    def lock_clock(self) -> None:
        """Lock the clock."""
        assert self.time

    @property
    def has_clock(self) -> bool:
        return self._time is not None

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to commit."""
        return not self._clock_changed and not any(table.unsent or table.sent for table in self._tables)

    def next_sequence(self, now: int) -> int:
        """Advance the clock to the next sequence, at time `now`, and return it."""
        self.set_clock(self.time.sequence + 1, now)
        return self.time.sequence

    def set_clock(self, sequence: int, updated: int) -> None:
        """Set the clock to a sequence and its time."""
        self.time.sequence, self.time.updated = sequence, updated
        self._clock_changed = True

    def set_generation(self, generation: int) -> None:
        """Give the definitions another generation."""
        self.time.generation = generation
        self._clock_changed = True

    def find(self, table: DocumentBuffer, key: str) -> Document | None:
        """The document with a key, read once per transaction."""
        if key not in table.documents:
            table.documents[key] = table.collection.find_one({"_id": key}, session=self._session)
        return table.documents[key]

    def is_known(self, table: DocumentBuffer, key: str) -> bool:
        """Whether the document, or that it is missing, is known without a query."""
        return key in table.documents

    def prefetch(self, table: DocumentBuffer, keys: list[str]) -> None:
        """Read several documents with one query."""
        missing = [key for key in keys if key not in table.documents]
        if missing:
            table.documents.update(dict.fromkeys(missing))
            for document in table.collection.find({"_id": {"$in": missing}}, session=self._session):
                table.documents[document["_id"]] = document

    def set(self, table: DocumentBuffer, key: str, document: Document | None, new: bool = False) -> None:
        """Write a document, or delete it with None. One that is not `new` must have been read before."""
        before = table.documents.get(key, _UNKNOWN)
        if new and before is _UNKNOWN:
            table.unread.add(key)
        self._journal.append((table, key, before))
        self._put(table, key, document)
        table.unsent.add(key)

    def _put(self, table: DocumentBuffer, key: str, document: Document | None) -> None:
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

    def savepoint(self) -> tuple[int, Time | None, bool]:
        """A savepoint at the start of a unit."""
        return len(self._journal), replace(self._time) if self._time else None, self._clock_changed

    def roll_back_to(self, mark: tuple[int, Time | None, bool]) -> None:
        """Roll back to a savepoint. The former state of the clock is sent with the next writes."""
        length, time, ticked = mark
        self._clock_changed = ticked or self._clock_sent
        while len(self._journal) > length:
            table, key, before = self._journal.pop()
            self._restore(table, key, before)
        if self._before is not None:
            self._time = time or replace(self._before)

    def _restore(self, table: DocumentBuffer, key: str, before: Any) -> None:
        if key in table.sent:
            self._put(table, key, None if before is _UNKNOWN else before)
            table.unsent.add(key)
            return
        if before is _UNKNOWN:
            table.documents.pop(key)
            table.unread.discard(key)
        else:
            table.documents[key] = before
        if before is _UNKNOWN or not self._is_written(table, key):
            table.unsent.discard(key)

    def _is_written(self, table: DocumentBuffer, key: str) -> bool:
        return any(written is table and name == key for written, name, _ in self._journal)

    def flush(self) -> None:
        """Send all buffered writes to the database."""
        writes = [write for table in self._tables for write in table.writes()]
        if not writes and not self._clock_changed:
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
