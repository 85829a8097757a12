"""The collections of one store, and queries on them within one session.

https://www.mongodb.com/docs/manual/core/read-isolation-consistency-recency/
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pymongo import MongoClient
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.database import Database
from pymongo.read_preferences import ReadPreference

from fhir_server.store.mongo import documents
from fhir_server.store.mongo.filters import Filter
from fhir_server.store.mongo.rows import REFERENCES

Document = Mapping[str, Any]
Stages = Sequence[Mapping[str, Any]]

CLOCK = "clock"
"""The `_id` of the one clock."""


@dataclass(frozen=True, slots=True)
class Collections:
    """The collections of a store; `kept` holds its named documents."""

    client: MongoClient[Any]
    database: Database[Any]
    resources: Collection[Any]
    history: Collection[Any]
    uniques: Collection[Any]
    clock: Collection[Any]
    definitions: Collection[Any]
    kept: Collection[Any]
    jobs: Collection[Any]
    meta: Collection[Any]
    writers: Collection[Any]

    @classmethod
    def of(cls, client: MongoClient[Any], name: str) -> "Collections":
        """The collections of the database with this name.

        Versions are read with the operator's read preference. All else coordinates the servers and is read
        from the primary, because a member that lags behind would return outdated data.
        """
        database = client[name]
        own = _primary_if_any(client)
        asked = (client.read_preference if name in _OF_VERSIONS else own for name in COLLECTIONS)
        found = (
            database.get_collection(name, read_preference=preference)
            for name, preference in zip(COLLECTIONS, asked, strict=True)
        )
        return cls(client, database, *found)

    def of_the_primary(self) -> "Collections":
        """The same, with the clock also read from the primary while there is one."""
        clock = self.clock.with_options(read_preference=_primary_if_any(self.client))
        return replace(self, clock=clock)


DOCUMENTS: tuple[Any, ...] = (
    documents.ResourceDocument,
    documents.HistoryDocument,
    documents.UniqueDocument,
    documents.ClockDocument,
    documents.DefinitionsDocument,
    documents.NamedDocument,
    documents.JobDocument,
    documents.MetaDocument,
    documents.WriterDocument,
)
"""The document class of each collection, in the order of `Collections`."""

COLLECTIONS: tuple[str, ...] = tuple(document._get_collection_name() for document in DOCUMENTS)

_OF_VERSIONS = frozenset({"resources", "history", "clock"})


def _primary_if_any(client: MongoClient[Any]) -> Any:
    """The primary; or a secondary while there is none, if the operator allows reads from secondaries."""
    chosen = client.read_preference
    return chosen if chosen == ReadPreference.PRIMARY else ReadPreference.PRIMARY_PREFERRED


@dataclass(frozen=True, slots=True)
class SessionView:
    """The collections as a session sees them, in a snapshot or a transaction. Without a session each query
    sees the current state.
    """

    collections: Collections
    session: ClientSession | None

    def clock(self) -> Document:
        """The document of the clock."""
        found = self.collections.clock.find_one({"_id": CLOCK}, session=self.session)
        return found or {"s": 0, "u": 0, "g": 0}

    def ids(self, filter: Filter, limit: int, sort: Sequence[tuple[str, int]] | None = None) -> list[str]:
        """The `_id`s of the resources that a filter finds, at most `limit`."""
        found = self.collections.resources.find(
            filter, {"_id": 1}, limit=limit, sort=sort, session=self.session
        )
        return [document["_id"] for document in found]

    def documents(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Document]:
        """Some fields of the resources with these `_id`s."""
        asked = {"_id": {"$in": list(ids)}}
        return self.collections.resources.find(asked, dict.fromkeys(fields, 1), session=self.session)

    def aggregate(self, stages: Stages) -> list[Any]:
        """The result of a pipeline on the resources."""
        found = self.collections.resources.aggregate(stages, session=self.session)
        return found.to_list()

    def count(self, filter: Filter, limit: int | None = None) -> int:
        """The number of resources that a filter finds, counted up to a limit."""
        stop = {} if limit is None else {"limit": limit}
        return self.collections.resources.count_documents(filter, session=self.session, **stop)

    def targets(self, filter: Filter, parameter: str, limit: int | None = None) -> set[str]:
        """The `_id`s that resources refer to by a parameter, at most `limit`."""
        stages: list[dict[str, Any]] = [
            {"$match": filter},
            {"$project": {REFERENCES: 1}},
            {"$unwind": f"${REFERENCES}"},
            {"$match": {f"{REFERENCES}.p": parameter, f"{REFERENCES}.t": {"$gt": ""}}},
            {"$group": {"_id": {"t": f"${REFERENCES}.t", "i": f"${REFERENCES}.i"}}},
        ]
        if limit is not None:
            stages.append({"$limit": limit})
        return {f"{found['_id']['t']}/{found['_id']['i']}" for found in self.aggregate(stages)}
