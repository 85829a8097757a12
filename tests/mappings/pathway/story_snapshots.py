"""Stories with which many tests begin: run once on each kind of store, and then restored there."""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from fhir_server.core import json
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store, StoredResource, UnitOfWork
from tests.interactions.client import Client
from tests.mongo import databases


@dataclass
class PathwayClient(Client):
    """A client of the programme under a policy."""

    policy: str = ""


@dataclass(frozen=True)
class Outcome:
    """All that came to be in a store: its versions with the entries by which each is found, and its keys."""

    versions: tuple[tuple[StoredResource, Entries], ...]
    uniques: tuple[tuple[str, str], ...]

    def restore(self, unit: UnitOfWork) -> None:
        for version, entries in self.versions:
            unit.import_version(version, entries)
        for key, owner in self.uniques:
            unit.claim_unique(key, owner)


@cache
def _outcomes() -> dict[Hashable, databases.Contents | Outcome]:
    return {}


@contextmanager
def restored_story(client: Client, *story: Hashable) -> Iterator[bool]:
    """Whether the store, which was empty, now holds what the story led to when the block told it first."""
    store, extractor = client.engine.store, client.engine.extractor
    if not isinstance(client, PathwayClient) or store.watermark():
        yield False
        return
    key = (type(store), extractor, client.policy, story)
    known = _outcomes().get(key)
    if isinstance(known, Outcome):
        store.transact(known.restore)
    elif known is not None:
        databases.fill(known)
    yield known is not None
    if known is None:
        kept = databases.contents() if databases.is_emptied(store) else _outcome(store, extractor)
        _outcomes()[key] = kept


def _outcome(store: Store, extractor: Extractor) -> Outcome:
    told = store.changes(0, store.watermark())
    return Outcome(tuple((version, _entries(version, extractor)) for version in told), store.unique_keys())


def _entries(version: StoredResource, extractor: Extractor) -> Entries:
    return Entries() if version.deleted else extractor.entries(json.parse(version.body))
