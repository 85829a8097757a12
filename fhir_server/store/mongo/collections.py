"""The collections of one store, and what is asked of them within one session.

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
    """What a store consists of."""

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
        """Those of the database with a name.

        Versions are read as the operator wishes. All else is what servers agree on among themselves, and a
        member that lags behind would tell them what was agreed on before.
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
        """The same, the clock too read from the primary while there is one."""
        clock = self.clock.with_options(read_preference=_primary_if_any(self.client))
        return replace(self, clock=clock)


DOCUMENTS: tuple[Any, ...] = (
    documents.ResourceDocument,
    documents.HistoryDocument,
    documents.UniqueDocument,
    documents.ClockDocument,
    documents.DefinitionsDocument,
    documents.KeptDocument,
    documents.JobDocument,
    documents.MetaDocument,
    documents.WriterDocument,
)
"""What each collection holds, in the order of `Collections`."""

COLLECTIONS: tuple[str, ...] = tuple(document._get_collection_name() for document in DOCUMENTS)

_OF_VERSIONS = frozenset({"resources", "history", "clock"})


def _primary_if_any(client: MongoClient[Any]) -> Any:
    """The primary; where the operator lets others answer too, these while there is none."""
    chosen = client.read_preference
    return chosen if chosen == ReadPreference.PRIMARY else ReadPreference.PRIMARY_PREFERRED


@dataclass(frozen=True, slots=True)
class SessionView:
    """The collections as a session sees them: those of a moment, or those of a transaction. Without a session
    they are as of when they are asked.
    """

    collections: Collections
    session: ClientSession | None

    def clock(self) -> Document:
        """The clock, which every store has."""
        found = self.collections.clock.find_one({"_id": CLOCK}, session=self.session)
        return found or {"s": 0, "u": 0, "g": 0}

    def ids(self, filter: Filter, limit: int, sort: Sequence[tuple[str, int]] | None = None) -> list[str]:
        """The `_id`s of at most so many of the resources that a filter finds."""
        found = self.collections.resources.find(
            filter, {"_id": 1}, limit=limit, sort=sort, session=self.session
        )
        return [document["_id"] for document in found]

    def documents(self, ids: Sequence[str], fields: Sequence[str]) -> Iterator[Document]:
        """Some fields of resources."""
        asked = {"_id": {"$in": list(ids)}}
        return self.collections.resources.find(asked, dict.fromkeys(fields, 1), session=self.session)

    def aggregate(self, stages: Stages) -> list[Any]:
        """What a pipeline makes of the resources."""
        found = self.collections.resources.aggregate(stages, session=self.session)
        return found.to_list()

    def count(self, filter: Filter, limit: int | None = None) -> int:
        """How many resources a filter finds, counted up to a limit."""
        stop = {} if limit is None else {"limit": limit}
        return self.collections.resources.count_documents(filter, session=self.session, **stop)

    def targets(self, filter: Filter, parameter: str, limit: int | None = None) -> set[str]:
        """The `_id`s of what resources refer to by a parameter, at most so many of them."""
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
