"""Servers over MongoDB: the tour, several at once, and a database that goes away and comes back."""

import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import RunningServer, start
from tests.e2e.pages import ROOT, assert_prints_what_it_shows, needs_curl
from tests.e2e.races import CLIENTS, race
from tests.mongo.server import MongoServer, database_uri, new_server

pytestmark = pytest.mark.e2e

FHIR_JSON = {"Content-Type": "application/fhir+json"}

Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def own_server() -> Iterator[MongoServer]:
    """A database of the test's own, to be stopped."""
    server = new_server()
    server.start()
    yield server
    server.stop(signal.SIGKILL)


@needs_curl
def test_the_tour_shows_the_same(start_server: Callable[..., RunningServer], tmp_path: Path) -> None:
    server = start_server(store=database_uri())
    assert_prints_what_it_shows(ROOT / "docs" / "tour.md", server, tmp_path)


@pytest.fixture
def two_servers(tmp_path: Path) -> Iterator[list[RunningServer]]:
    """Two processes over one database."""
    uri = database_uri()
    servers = [start(tmp_path, store=uri, programmes="") for _ in range(2)]
    yield servers
    for server in servers:
        server.stop()


def statuses(
    servers: list[RunningServer], contender: Callable[[httpx.Client, int], httpx.Response]
) -> list[int]:
    """The statuses that clients get who do the same at the same moment."""
    return sorted(answer.status_code for answer in race(servers, contender))


def patient(number: int = 0) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "identifier": [{"system": "urn:ids", "value": "7"}],
        "name": [{"family": f"Essai {number}"}],
    }


def test_one_client_of_two_servers_wins(two_servers: list[RunningServer]) -> None:
    def create(client: httpx.Client, number: int) -> httpx.Response:
        condition = {**FHIR_JSON, "If-None-Exist": "identifier=urn:ids|7"}
        return client.post("Patient", json=patient(number), headers=condition)

    assert statuses(two_servers, create) == [200] * (CLIENTS - 1) + [201]
    with two_servers[1].client() as client:
        found = client.get("Patient?identifier=urn:ids|7").json()
        id = found["entry"][0]["resource"]["id"]
    assert found["total"] == 1

    def update(client: httpx.Client, number: int) -> httpx.Response:
        condition = {**FHIR_JSON, "If-Match": 'W/"1"'}
        return client.put(f"Patient/{id}", json={**patient(number), "id": id}, headers=condition)

    assert statuses(two_servers, update) == [200] + [412] * (CLIENTS - 1)
    with two_servers[0].client() as client:
        history = client.get(f"Patient/{id}/_history").json()
        changes = client.get("$changes").json()
    assert history["total"] == 2
    assert len(changes["entry"]) == 2


def test_a_database_that_comes_back_is_used_again(own_server: MongoServer, tmp_path: Path) -> None:
    settings = {"store": database_uri(own_server.uri), "store_timeout_seconds": "2", "programmes": ""}
    server = start(tmp_path, **settings)
    try:
        with server.client() as client:
            first = client.post("Patient", json=patient(), headers=FHIR_JSON)
            assert first.status_code == 201
            own_server.stop(signal.SIGKILL)
            refused = client.post("Patient", json=patient(), headers=FHIR_JSON)
            assert refused.status_code == 503, refused.text
            assert refused.headers["Retry-After"]
            assert refused.json()["resourceType"] == "OperationOutcome"
            assert httpx.get(f"{server.root_url}/health/live").status_code == 200
            assert httpx.get(f"{server.root_url}/health/ready", timeout=20).status_code == 503
            own_server.start()
            deadline = time.monotonic() + 30
            while client.post("Patient", json=patient(), headers=FHIR_JSON).status_code != 201:
                assert time.monotonic() < deadline
            assert httpx.get(f"{server.root_url}/health/ready", timeout=20).status_code == 200
            assert client.get(f"Patient/{first.json()['id']}").status_code == 200
        assert "Traceback" not in server.text()
    finally:
        server.stop()


def test_what_is_acknowledged_under_load_outlives_the_database(
    own_server: MongoServer, tmp_path: Path
) -> None:
    settings = {"store": database_uri(own_server.uri), "store_timeout_seconds": "3", "programmes": ""}
    server = start(tmp_path, **settings)
    over = threading.Event()

    def write(_: int) -> tuple[list[str], set[int]]:
        created, statuses = [], set()
        with server.client() as client:
            while not over.is_set():
                answer = client.post("Patient", json=patient(), headers=FHIR_JSON)
                statuses.add(answer.status_code)
                if answer.status_code == 201:
                    created.append(answer.json()["id"])
        return created, statuses

    try:
        with ThreadPoolExecutor(4) as pool:
            writing = [pool.submit(write, number) for number in range(4)]
            time.sleep(1)
            own_server.stop(signal.SIGKILL)
            time.sleep(10)
            own_server.start()
            time.sleep(4)
            over.set()
            written = [task.result() for task in writing]
        assert {status for _, statuses in written for status in statuses} <= {201, 503}
        with server.client() as client:
            for id in (id for created, _ in written for id in created):
                assert client.get(f"Patient/{id}").status_code == 200
            total = client.get("Patient?_summary=count").json()["total"]
        assert total >= sum(len(created) for created, _ in written) > 4
        assert "Traceback" not in server.text()
    finally:
        over.set()
        server.stop()


def test_doctor_prepares_and_looks_through_a_store(run_command: Run) -> None:
    uri = database_uri()
    prepared = run_command("doctor", "--prepare", "--store", uri)
    assert prepared.returncode == 0, prepared.stderr
    assert "indexes are there" in prepared.stdout
    assert prepared.stdout.endswith("sound\n")
    restored = run_command("doctor", "--restored", "--store", uri)
    assert restored.stdout.endswith("sound\n")
    epochs = [said.stdout.partition("epoch ")[2].partition(",")[0] for said in (prepared, restored)]
    assert len({*epochs, ""}) == 3


@pytest.mark.parametrize(
    ("uri", "said"),
    [
        ("mongodb://127.0.0.1:1/x?serverSelectionTimeoutMS=1", "No primary of the database can be reached"),
        ("mongodb://127.0.0.1:1/", "name a database"),
        ("mongodb://user:geheim@:::/x", "Bad store 'mongodb://***@:::/x'"),
    ],
)
def test_what_cannot_be_opened_is_one_line(run_command: Run, uri: str, said: str) -> None:
    done = run_command("serve", "--port", "0", "--store", uri, store_timeout_seconds="1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert said in line
    assert "geheim" not in line


def resources(answer: httpx.Response) -> list[Any]:
    return [entry["resource"] for entry in answer.json()["entry"]]


def test_a_store_moves_to_mongodb_and_back(
    start_server: Callable[..., RunningServer], run_command: Run
) -> None:
    first = start_server("--demo", store="sqlite:///first.sqlite")
    with first.client() as client:
        counted = client.get("Patient?_summary=count").json()["total"]
        found = resources(client.get("Task?_sort=-modified&_count=50"))
    first.stop()
    uri = database_uri()
    there = run_command("migrate", "--from", "sqlite:///first.sqlite", "--to", uri)
    assert there.returncode == 0, there.stderr
    back = run_command("migrate", "--from", uri, "--to", "sqlite:///again.sqlite")
    assert back.returncode == 0, back.stderr
    assert there.stdout.split("checksum")[1] == back.stdout.split("checksum")[1]
    second = start_server(store=uri)
    with second.client() as client:
        assert counted > 0
        assert client.get("Patient?_summary=count").json()["total"] == counted
        assert resources(client.get("Task?_sort=-modified&_count=50")) == found
    assert "(0 resources written)" in second.text()
    refused = run_command("migrate", "--from", "sqlite:///none.sqlite", "--to", database_uri())
    assert "there is no store" in refused.stderr
