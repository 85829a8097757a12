"""The cost of indexing: index entries and rows with each write, and a complete reindexing.

https://hl7.org/fhir/R4/search.html
"""

import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path

from benchmarks import cohort, cohort_stores, corpus, machine
from benchmarks.bench import Bench, Row
from benchmarks.corpus import Resource
from benchmarks.figures import Figure, Table, Target
from benchmarks.servers import ROOT, ServerFailed
from fhir_server.core import json
from fhir_server.core.resource import draft
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore

STOCK = 250
GROUP = 16
"""The number of writes that become durable together with as many concurrent clients."""
WRITTEN = 64 * GROUP
"""Enough writes for deferred rows to have been written several times."""
REINDEXED = 500
REINDEXINGS = 3
TYPES = ("Patient", "Observation")
DONE = re.compile(r"(\d+) resources indexed in ([\d.]+) s")


def cost(bench: Bench) -> Figure:
    """The processor time that entries and rows add to a write, for the more expensive of the two types."""
    extractor = cohort_stores.extractor()
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
        path = Path(folder) / cohort_stores.FILE
        cohort_stores.fill(path, range(STOCK))
        with machine.pinned(bench.cores.server), closing(SqliteStore(path)) as store:
            rounds = [
                [_microseconds(store, extractor, type, number) for type in TYPES]
                for number in range(bench.effort.rounds)
            ]
    by_type = list(zip(TYPES, zip(*rounds, strict=True), strict=True))
    lines = tuple((type, f"{statistics.median(costs):.0f}", f"{min(costs):.0f}") for type, costs in by_type)
    dearest = max((costs for _, costs in by_type), key=statistics.median)
    return Figure.of(dearest, Table(("type", "median", "least"), lines))


def _microseconds(store: Store, extractor: Extractor, type: str, number: int) -> float:
    """The difference in cost per resource between writes with and without entries."""
    fresh = list(_fresh(type, number))
    extractor.entries(fresh[0])
    bare = _seconds(store, fresh, None, f"bare{number}-")
    return (_seconds(store, fresh, extractor, f"found{number}-") - bare) / len(fresh) * 1e6


def _fresh(type: str, number: int) -> Iterator[Resource]:
    """Resources that are not in the store yet."""
    patients = range(STOCK + number * WRITTEN, STOCK + (number + 1) * WRITTEN)
    made = (one for patient in patients for one in cohort.care_of_type(patient, type))
    for one in islice(made, WRITTEN):
        yield json.parse(corpus.serialised(one))


def _seconds(store: Store, resources: Sequence[Resource], extractor: Extractor | None, prefix: str) -> float:
    drafts = [draft(one, prefix + one["id"]) for one in resources]
    nothing = Entries()
    begun = time.process_time()
    for start in range(0, len(resources), GROUP):
        with store.group():
            for place in range(start, min(start + GROUP, len(resources))):
                entries = extractor.entries(resources[place]) if extractor else nothing
                one = drafts[place]
                store.transact(lambda unit, one=one, entries=entries: unit.put(one, entries, "POST"))  # type: ignore[misc]
    while store.do_deferred_work():
        pass
    return time.process_time() - begun


def reindex(bench: Bench) -> Figure:
    """The command `reindex --all` on a store."""
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
        path = Path(folder) / cohort_stores.FILE
        cohort_stores.fill(path, range(REINDEXED))
        runs = [_reindexed(path) for _ in range(min(REINDEXINGS, bench.effort.rounds))]
    lines = tuple((f"{count}", f"{seconds:.1f}", f"{spent:.1f}") for count, seconds, spent in runs)
    table = Table(("resources", "seconds", "of processor time"), lines)
    return Figure.of([count / seconds for count, seconds, _ in runs], table)


def _reindexed(path: Path) -> tuple[int, float, float]:
    """The number of resources, the seconds that the command reports, and its processor time."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("FHIR_SERVER_")}
    command = [sys.executable, "-m", "fhir_server", "reindex", "--all", "--store", f"sqlite:///{path}"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    said = DONE.search(ran.stdout)
    if said is None:
        raise ServerFailed(f"reindex said {ran.stdout[-500:]!r} {ran.stderr[-500:]!r}")
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return int(said[1]), float(said[2]), spent


ROWS = (
    Row(
        "indexing",
        f"what indexing adds to a create, in groups of {GROUP}",
        Target(150.0, at_least=False, unit="microseconds"),
        cost,
    ),
    Row("reindex", "reindex on all cores", Target(5_000.0, unit="resources/s"), reindex),
)
