"""reindex: build the pending indexes, or rebuild all of them."""

import os
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import CommandError
from fhir_server.cli.progress import progress
from fhir_server.cli.provision import adopt_search_parameters
from fhir_server.cli.store_options import StoreOption, open_existing
from fhir_server.jobs import reindex as jobs
from fhir_server.jobs.indexing_pool import IndexingPool
from fhir_server.jobs.reindex import LeaseLost, Progress, ReindexWorker
from fhir_server.settings import Settings

LOOK_SECONDS = 0.5
PROCESSES_MAX = 3
"""The limit of worker processes; more would only wait for the one that writes."""
NOTHING_TO_DO = "Every index is complete; nothing to do. With --all they are all made anew."


def reindex(
    everything: Annotated[bool, typer.Option("--all", help="Every index, not only those pending.")] = False,
    store: StoreOption = None,
) -> None:
    """Make the search indexes that are pending.

    Needed after a new or changed search parameter, another time zone or a newer version. The server may go on
    serving meanwhile; a command that was stopped goes on where it was.
    """
    server = open_existing(Settings.load(os.environ, {"store": store}))
    started = time.perf_counter()
    with closing(server.store):
        adopt_search_parameters(server, changed_too=everything)
        if not everything and not server.engines.current().pending:
            print(NOTHING_TO_DO)
            return
        done = _done(server, everything)
    print(f"{done} resources indexed in {time.perf_counter() - started:.1f} s.")


def _done(server: bootstrap.Server, everything: bool) -> int:
    """Do the job, or wait while another process does it; returns the number of resources indexed."""
    id = jobs.request(server.store, everything).id
    shown = 0
    with progress("Indexing", _expected(server, everything)) as advance:
        for step in _steps(server, id):
            advance(step.indexed - shown)
            shown = step.indexed
            if step.error:
                raise CommandError(f"{id} ended at {step.error}.")
    return shown


def _steps(server: bootstrap.Server, id: str) -> Iterator[Progress]:
    """The progress of the job, repeatedly until it is done."""
    pool = IndexingPool(
        partial(bootstrap.engines, server.settings), processes=min(PROCESSES_MAX, cores() - 1)
    )
    worker = ReindexWorker(server.engines, str(uuid.uuid4()), pool=pool)
    try:
        yield from _watched(server, worker, id)
    finally:
        pool.dismiss()


def _watched(server: bootstrap.Server, worker: ReindexWorker, id: str) -> Iterator[Progress]:
    while True:
        try:
            yield from worker.steps(id)
        except LeaseLost:
            continue
        job = jobs.job(server.store, id)
        if job is not None:
            yield job.progress
            if job.done:
                return
        time.sleep(LOOK_SECONDS)


def _expected(server: bootstrap.Server, everything: bool) -> int:
    pending = server.engines.current().pending
    return sum(count for type, count in server.store.count().items() if everything or type in pending)


def cores() -> int:
    """The processor cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
