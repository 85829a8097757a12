"""Several processes that reindex in parallel."""

import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from fhir_server import bootstrap
from fhir_server.core.request import FhirRequest
from fhir_server.jobs import reindex
from fhir_server.jobs.indexing_pool import IndexingPool
from fhir_server.jobs.reindex import RANGE_RESOURCES, Progress, ReindexWorker
from fhir_server.settings import Settings
from tests.interactions.definitions import URL, fond_of, parameter

ROOT = Path(__file__).parents[2]
BASE = "http://localhost/fhir"
MANY = RANGE_RESOURCES * 5 + 3

ORPHANS = """
import multiprocessing, os, sys
from functools import partial
from fhir_server import bootstrap
from fhir_server.jobs import reindex
from fhir_server.jobs.indexing_pool import IndexingPool
from fhir_server.jobs.reindex import ReindexWorker
from fhir_server.settings import Settings

if __name__ == "__main__":
    settings = Settings(store=sys.argv[1], programmes=())
    server = bootstrap.build(settings)
    reindex.POOL_MIN = 1
    pool = IndexingPool(partial(bootstrap.engines, settings), processes=1)
    job = reindex.request(server.store, everything=True)
    next(ReindexWorker(server.engines, "parent", pool=pool).steps(job.id))
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _small_stores_are_worth_a_pool(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store of the size of a test be worth a member."""
    monkeypatch.setattr(reindex, "POOL_MIN", RANGE_RESOURCES)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(store=f"sqlite:///{tmp_path / 'store.sqlite'}", programmes=())


@pytest.fixture
def server(settings: Settings) -> Iterator[bootstrap.Server]:
    """A server over many patients who love blue, and the parameter that finds them."""
    built = bootstrap.build(settings)
    with built.store.group():
        for number in range(MANY):
            put(built, fond_of("blue", id=f"p{number}"))
    put(built, parameter())
    yield built
    built.store.close()


@pytest.fixture
def pool(settings: Settings) -> Iterator[IndexingPool]:
    pool = IndexingPool(partial(bootstrap.engines, settings), processes=1)
    yield pool
    pool.dismiss()


def put(server: bootstrap.Server, resource: dict[str, Any]) -> None:
    path = (resource["resourceType"], resource["id"])
    server.dispatcher.dispatch(FhirRequest("PUT", path, BASE, content=resource))


def total(server: bootstrap.Server, name: str, value: str) -> int:
    asked = FhirRequest("GET", ("Patient",), BASE, query=((name, value), ("_summary", "count")))
    body = server.dispatcher.dispatch(asked).body or b""
    return int(body.partition(b'"total":')[2].partition(b",")[0].rstrip(b"}"))


def steps(server: bootstrap.Server, pool: IndexingPool, everything: bool = False) -> Iterator[Progress]:
    job = reindex.request(server.store, everything)
    return ReindexWorker(server.engines, "test", pool=pool).steps(job.id)


def test_together_they_index_everything_once(server: bootstrap.Server, pool: IndexingPool) -> None:
    done = list(steps(server, pool))
    assert (done[-1].indexed, done[-1].total) == (MANY, MANY)
    assert total(server, "favourite", "blue") == MANY
    assert len(multiprocessing.active_children()) == 1
    pool.dismiss()
    assert multiprocessing.active_children() == []
    assert server.store.check() == []


def test_what_is_short_is_done_alone(server: bootstrap.Server, pool: IndexingPool) -> None:
    list(steps(server, pool))
    pool.dismiss()
    put(
        server,
        parameter(id="basic", url=f"{URL}-2", base=["SearchParameter"], expression="SearchParameter.name"),
    )
    assert list(steps(server, pool))[-1].indexed == 2
    assert multiprocessing.active_children() == []


def test_another_goes_on_behind_the_last_stretch(
    server: bootstrap.Server, pool: IndexingPool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "RANGES_PER_PROCESS", 1)
    job = reindex.request(server.store, everything=False)
    first = next(ReindexWorker(server.engines, "first", lease_seconds=0, pool=pool).steps(job.id))
    assert 0 < first.walked <= RANGE_RESOURCES * pool.size
    rest = list(ReindexWorker(server.engines, "second").steps(job.id))
    assert (rest[0].indexed > first.walked, rest[-1].indexed) == (True, MANY)
    assert total(server, "favourite", "blue") == MANY


def test_a_member_that_is_killed_is_done_without(server: bootstrap.Server, pool: IndexingPool) -> None:
    going = steps(server, pool, everything=True)
    next(going)
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    assert list(going)[-1].indexed == MANY + 1
    put(server, parameter(id="other", url=f"{URL}-2", code="other", expression="Patient.name.family.first()"))
    assert list(steps(server, pool))[-1].indexed == MANY
    assert total(server, "other", "durand") == MANY
    assert pool.size == 1


def test_definitions_that_change_meanwhile_are_made_too(server: bootstrap.Server, pool: IndexingPool) -> None:
    other = parameter(id="other", url=f"{URL}-2", code="other", expression="Patient.name.family.first()")
    changes = iter([lambda: put(server, other)])
    job = reindex.request(server.store, everything=False)
    together = ReindexWorker(
        server.engines, "test", after_each=lambda: next(changes, lambda: None)(), pool=pool
    )
    done = list(together.steps(job.id))
    assert done[-1].indexed == MANY
    assert total(server, "favourite", "blue") == total(server, "other", "durand") == MANY
    assert server.store.check() == []


@pytest.mark.usefixtures("server")
def test_members_end_with_the_process_that_started_them(settings: Settings) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, settings.store],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    members = [int(pid) for pid in parent.stdout.readline().split()]
    assert members
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while any(map(lives, members)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(lives, members))


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
