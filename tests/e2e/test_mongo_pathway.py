"""Two servers of the programme over one MongoDB: one of many clients wins; one of the servers is killed."""

import signal
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server.core import json
from mappings.sesame.cohort.team import make_team, team_bundle
from tests.e2e.conftest import RunningServer, start
from tests.e2e.races import CLIENTS, race
from tests.mappings.pathway.plans import UNTIL_ASSESSED, plan
from tests.mappings.story import steps
from tests.mappings.validity import GUIDE
from tests.mongo.server import database_uri

pytestmark = pytest.mark.e2e

FHIR_JSON = {"Content-Type": "application/fhir+json"}
Resource = dict[str, Any]


def started(folder: Path, **settings: str) -> Iterator[list[RunningServer]]:
    """Two processes over one database."""
    uri = database_uri()
    servers = [start(folder, store=uri, **settings) for _ in range(2)]
    yield servers
    for server in servers:
        server.stop()


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[RunningServer]]:
    """Two of the programme."""
    yield from started(tmp_path)


@pytest.fixture
def bare_servers(tmp_path: Path) -> Iterator[list[RunningServer]]:
    """Two of the engine alone."""
    yield from started(tmp_path, programmes="")


def send(client: httpx.Client, method: str, url: str, content: Resource) -> httpx.Response:
    return client.request(method, url, content=json.serialise(content), headers=FHIR_JSON)


def tell(client: httpx.Client, *names: str) -> None:
    """The team, and then steps of the story."""
    for bundle in (team_bundle(GUIDE, make_team(GUIDE)), *(steps()[name] for name in names)):
        # Without a path httpx would ask for the base with a slash at its end.
        answer = send(client, "POST", str(client.base_url).rstrip("/"), bundle)
        assert answer.status_code == 200, answer.text


def entries(client: httpx.Client, url: str) -> list[Any]:
    return [entry["resource"] for entry in client.get(url).json().get("entry", [])]


def test_one_move_of_a_referral_wins(servers: list[RunningServer]) -> None:
    with servers[0].client() as client:
        tell(client, "01-referral", "02-received")
        (task,) = entries(client, "Task?code=referral")
    assert task["status"] == "received"
    reason = GUIDE.concept("sesame-reject-reason", "unreachable")
    bare = {name: value for name, value in task.items() if name != "businessStatus"}
    moves = [bare | {"status": "accepted"}, bare | {"status": "rejected", "statusReason": reason}]

    def move(client: httpx.Client, number: int) -> httpx.Response:
        return send(client, "PUT", f"Task/{task['id']}", moves[number // 2 % 2])

    statuses = [answer.status_code for answer in race(servers, move)]
    by_move = [{statuses[n] for n in range(CLIENTS) if n // 2 % 2 == one} for one in range(2)]
    assert sorted(map(sorted, by_move)) == [[200], [422]], statuses
    with servers[1].client() as client:
        (left,) = entries(client, "Task?code=referral")
        history = client.get(f"Task/{task['id']}/_history?_count=100").json()["entry"]
    assert left["status"] == moves[by_move.index({200})]["status"]
    versions = [int(entry["resource"]["meta"]["versionId"]) for entry in history]
    assert versions == list(range(len(versions), 0, -1))
    assert [entry["resource"]["status"] for entry in history].count("received") == 1


def test_one_sequence_and_one_claim_are_made(servers: list[RunningServer]) -> None:
    with servers[0].client() as client:
        tell(client, *UNTIL_ASSESSED)
    begun = plan(1, "2025-01-13", "2025-04-12")
    answers = race(servers, lambda client, _: send(client, "POST", "CarePlan", begun))
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses[0] == 201, answers[0].text
    assert set(statuses[1:]) <= {409, 422}, statuses
    with servers[1].client() as client:
        assert len(entries(client, "CarePlan?_count=100")) == 1
        assert len(entries(client, "Claim?_count=100")) == 1


def pair(name: str) -> Resource:
    """Two resources that are made together or not at all."""
    made = [
        {"resourceType": "Basic", "identifier": [{"system": "urn:pair", "value": f"{name}{half}"}]}
        for half in "ab"
    ]
    code = {"coding": [{"system": "urn:codes", "code": "half"}]}
    requests = {"method": "POST", "url": "Basic"}
    made_entries = [{"request": requests, "resource": {**one, "code": code}} for one in made]
    return {"resourceType": "Bundle", "type": "transaction", "entry": made_entries}


def test_a_server_that_is_killed_loses_nothing_and_holds_nobody_up(
    bare_servers: list[RunningServer],
) -> None:
    servers = bare_servers
    over = threading.Event()
    killed = threading.Event()

    def write(number: int) -> tuple[list[str], int]:
        """The pairs that were acknowledged, and how many of them after the other server was killed."""
        acknowledged, later, turn = [], 0, 0
        with servers[number % 2].client() as client:
            base = str(client.base_url).rstrip("/")
            while not over.is_set():
                name, turn, was_killed = f"{number}-{turn}", turn + 1, killed.is_set()
                try:
                    answer = send(client, "POST", base, pair(name))
                except httpx.TransportError:
                    break
                assert answer.status_code in (200, 503), answer.text
                if answer.status_code == 200:
                    acknowledged.append(name)
                    later += was_killed
                if later == 3:
                    break
        return acknowledged, later

    with ThreadPoolExecutor(CLIENTS) as pool:
        writing = [pool.submit(write, number) for number in range(CLIENTS)]
        with servers[1].client() as client:
            while len(entries(client, "Basic?_count=20")) < 20:
                over.wait(0.05)
        servers[0].stop(signal.SIGKILL)
        killed.set()
        written = [task.result() for task in writing]
    assert [later for _, later in written[1::2]] == [3] * (CLIENTS // 2)
    with servers[1].client() as client:
        names = set()
        for resource in followed(client):
            names.add(resource["identifier"][0]["value"])
    for acknowledged, _ in written:
        assert names.issuperset(f"{name}{half}" for name in acknowledged for half in "ab")
    assert {name[:-1] for name in names if name[-1] == "a"} == {
        name[:-1] for name in names if name[-1] == "b"
    }


def followed(client: httpx.Client) -> Iterator[Resource]:
    """All Basics, page by page."""
    url: str | None = "Basic?_count=100"
    while url:
        page = client.get(url).json()
        yield from (entry["resource"] for entry in page.get("entry", []))
        url = next((link["url"] for link in page["link"] if link["relation"] == "next"), None)
