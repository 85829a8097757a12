"""reindex: compute the search index of every resource anew."""

import os
import time
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.existing import open_existing
from fhir_server.cli.progress import progress
from fhir_server.settings import Settings


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
    done = 0
    with progress("Indexing", sum(server.store.count().values())) as advance:
        for so_far in server.store.reindex(server.entries_of):
            advance(so_far - done)
            done = so_far
    return done
