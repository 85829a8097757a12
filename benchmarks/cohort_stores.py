"""Creates stores that hold the cohort, by the server's extractor and store directly, without HTTP.

`tests/benchmarks` runs the checks that the server would run. A second process makes the resources and their
index entries while this one writes.
"""

import shutil
from collections import deque
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from functools import cache, partial
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from benchmarks import cohort, corpus
from fhir_server import bootstrap
from fhir_server.core import json
from fhir_server.core.resource import Draft, draft
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from fhir_server.settings import Settings
from fhir_server.store.port import UnitOfWork
from fhir_server.store.sqlite import SqliteStore

FILE = "fhir.sqlite"
PATIENTS_PER_SHARE = 32
SHARES_AHEAD = 4

Written = list[tuple[Draft, Entries]]


def stores(folder: Path, sizes: Iterable[int]) -> Iterator[tuple[int, Path]]:
    """For each number of patients, smallest first, a folder with a store of that size."""
    growing = folder / "growing"
    growing.mkdir()
    patients = 0
    for size in sorted(sizes):
        fill(growing / FILE, range(patients, size))
        patients = size
        grown = folder / str(size)
        shutil.copytree(growing, grown)
        yield size, grown
    shutil.rmtree(growing)


def fill(path: Path, patients: range) -> None:
    """Add patients of the cohort to a store, creating it if needed."""
    # Adopts the definitions; the store itself is then opened with the cohort's clock.
    bootstrap.build(settings(path)).store.close()
    clock = Clock()
    # A forked process would inherit the open store, which SQLite forbids.
    with closing(SqliteStore(path, clock)) as store, ProcessPoolExecutor(1, get_context("spawn")) as other:
        for share, written in _ahead(other, _shares(patients)):
            with store.group():
                for number, of_patient in zip(share, _by_patient(written), strict=True):
                    clock.now = cohort.written(number)
                    store.transact(partial(_put, written=of_patient))
        while store.do_deferred_work():
            pass


@dataclass(slots=True)
class Clock:
    """A clock that returns the time that was set."""

    now: int = 0

    def __call__(self) -> int:
        return self.now


def _shares(patients: range) -> Iterator[range]:
    for start in range(patients.start, patients.stop, PATIENTS_PER_SHARE):
        yield range(start, min(start + PATIENTS_PER_SHARE, patients.stop))


def _ahead(other: ProcessPoolExecutor, shares: Iterator[range]) -> Iterator[tuple[range, Written]]:
    """The results of the other process for each share, computed a few shares ahead."""
    coming = deque((share, other.submit(_prepared, share)) for share in islice(shares, SHARES_AHEAD))
    while coming:
        share, written = coming.popleft()
        coming.extend((share, other.submit(_prepared, share)) for share in islice(shares, 1))
        yield share, written.result()


def settings(path: Path) -> Settings:
    """The default settings with this store."""
    return Settings.load({}, {"store": f"sqlite:///{path}"})


def prepared(extractor: Extractor, patients: Iterable[int]) -> Written:
    """The drafts and index entries of some patients."""
    resources = (json.parse(corpus.serialised(one)) for number in patients for one in cohort.care(number))
    return [(draft(resource, resource["id"]), extractor.entries(resource)) for resource in resources]


def _by_patient(written: Written) -> Iterator[Written]:
    for start in range(0, len(written), cohort.PER_PATIENT):
        yield written[start : start + cohort.PER_PATIENT]


def _put(unit: UnitOfWork, written: Written) -> None:
    for one, entries in written:
        unit.put(one, entries, "PUT")


@cache
def extractor() -> Extractor:
    """The extractor of this process, with the default definitions."""
    return bootstrap.build(Settings.load({}, {"store": "memory:"})).engines.current().extractor


def _prepared(patients: range) -> Written:
    return prepared(extractor(), patients)
