"""Several processes that reindex together."""

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
from fhir_server.jobs.crew import Crew
from fhir_server.jobs.reindex import CREW_PART, Progress, Reindexing
from fhir_server.settings import Settings
from tests.interactions.definitions import URL, fond_of, parameter

ROOT = Path(__file__).parents[2]
BASE = "http://localhost/fhir"
MANY = CREW_PART * 5 + 3

ORPHANS = """
import multiprocessing, os, sys
from functools import partial
from fhir_server import bootstrap
from fhir_server.jobs import reindex
from fhir_server.jobs.crew import Crew
from fhir_server.jobs.reindex import Reindexing
from fhir_server.settings import Settings

if __name__ == "__main__":
    settings = Settings(store=sys.argv[1], programmes=())
    server = bootstrap.build(settings)
    reindex.CREW_MIN = 1
    crew = Crew(partial(bootstrap.engines, settings), hands=1)
    job = reindex.request(server.store, everything=True)
    next(Reindexing(server.engines, "parent", crew=crew).steps(job.id))
    print(*[child.pid for child in multiprocessing.active_children()], flush=True)
    sys.stdin.read()
"""


@pytest.fixture(autouse=True)
def _few_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a store of the size of a test be worth a hand."""
    monkeypatch.setattr(reindex, "CREW_MIN", CREW_PART)


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
def crew(settings: Settings) -> Iterator[Crew]:
    crew = Crew(partial(bootstrap.engines, settings), hands=1)
    yield crew
    crew.dismiss()


def put(server: bootstrap.Server, resource: dict[str, Any]) -> None:
    path = (resource["resourceType"], resource["id"])
    server.dispatcher.dispatch(FhirRequest("PUT", path, BASE, content=resource))


def total(server: bootstrap.Server, name: str, value: str) -> int:
    asked = FhirRequest("GET", ("Patient",), BASE, query=((name, value), ("_summary", "count")))
    body = server.dispatcher.dispatch(asked).body or b""
    return int(body.partition(b'"total":')[2].partition(b",")[0].rstrip(b"}"))


def steps(server: bootstrap.Server, crew: Crew, everything: bool = False) -> Iterator[Progress]:
    job = reindex.request(server.store, everything)
    return Reindexing(server.engines, "test", crew=crew).steps(job.id)


def test_together_they_index_everything_once(server: bootstrap.Server, crew: Crew) -> None:
    done = list(steps(server, crew))
    assert (done[-1].indexed, done[-1].total) == (MANY, MANY)
    assert total(server, "favourite", "blue") == MANY
    assert len(multiprocessing.active_children()) == 1
    crew.dismiss()
    assert multiprocessing.active_children() == []
    assert server.store.check() == []


def test_what_is_short_is_done_alone(server: bootstrap.Server, crew: Crew) -> None:
    list(steps(server, crew))
    crew.dismiss()
    put(
        server,
        parameter(id="basic", url=f"{URL}-2", base=["SearchParameter"], expression="SearchParameter.name"),
    )
    assert list(steps(server, crew))[-1].indexed == 2
    assert multiprocessing.active_children() == []


def test_another_goes_on_behind_the_last_stretch(
    server: bootstrap.Server, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reindex, "CREW_PARTS", 1)
    job = reindex.request(server.store, everything=False)
    first = next(Reindexing(server.engines, "first", lease_seconds=0, crew=crew).steps(job.id))
    assert 0 < first.walked <= CREW_PART * crew.size
    rest = list(Reindexing(server.engines, "second").steps(job.id))
    assert (rest[0].indexed > first.walked, rest[-1].indexed) == (True, MANY)
    assert total(server, "favourite", "blue") == MANY


def test_a_hand_that_is_killed_is_done_without(server: bootstrap.Server, crew: Crew) -> None:
    going = steps(server, crew, everything=True)
    next(going)
    for child in multiprocessing.active_children():
        child.kill()
        child.join()
    assert list(going)[-1].indexed == MANY + 1
    put(server, parameter(id="other", url=f"{URL}-2", code="other", expression="Patient.name.family.first()"))
    assert list(steps(server, crew))[-1].indexed == MANY
    assert total(server, "other", "durand") == MANY
    assert crew.size == 1


def test_definitions_that_change_meanwhile_are_made_too(server: bootstrap.Server, crew: Crew) -> None:
    other = parameter(id="other", url=f"{URL}-2", code="other", expression="Patient.name.family.first()")
    changes = iter([lambda: put(server, other)])
    job = reindex.request(server.store, everything=False)
    together = Reindexing(server.engines, "test", breathe=lambda: next(changes, lambda: None)(), crew=crew)
    done = list(together.steps(job.id))
    assert done[-1].indexed == MANY
    assert total(server, "favourite", "blue") == total(server, "other", "durand") == MANY
    assert server.store.check() == []


@pytest.mark.usefixtures("server")
def test_hands_end_with_the_process_that_they_work_for(settings: Settings) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", ORPHANS, settings.store],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    hands = [int(pid) for pid in parent.stdout.readline().split()]
    assert hands
    parent.kill()
    parent.communicate()
    deadline = time.monotonic() + 20
    while any(map(lives, hands)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(lives, hands))


def lives(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True
