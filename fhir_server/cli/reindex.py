"""reindex: compute the search index of every resource anew."""

import os
import time
from functools import partial
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.existing import open_existing
from fhir_server.cli.progress import progress
from fhir_server.search.ast import Page, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.settings import Settings
from fhir_server.store.port import StoredResource, UnitOfWork

BATCH = 200


def reindex(store: Annotated[str | None, typer.Option(help="sqlite:///path")] = None) -> None:
    """Compute the search index anew.

    Needed after a new search parameter or another time zone.
    """
    server = open_existing(Settings.load(os.environ, {"store": store}))
    started = time.perf_counter()
    try:
        done = _reindexed(server)
    finally:
        server.store.close()
    print(f"{done} resources indexed in {time.perf_counter() - started:.1f} s.")


def _reindexed(server: bootstrap.Server) -> int:
    done, after, snapshot = 0, 0, server.store.watermark()
    with progress("Indexing", sum(server.store.count().values())) as advance:
        while True:
            query = SearchQuery((), count=BATCH, total="none", page=Page(snapshot, (after,)))
            if not (batch := server.store.search(query).matches):
                return done
            entries = [(stored, server.entries_of(stored)) for stored in batch]
            server.store.transact(partial(_index, entries))
            done, after = done + len(batch), batch[-1].first_sequence
            advance(len(batch))


def _index(batch: list[tuple[StoredResource, Entries]], unit: UnitOfWork) -> None:
    for stored, entries in batch:
        unit.index(stored, entries)
