"""Search parameters over HTTP: stored, pending, reindexed while the server serves, used by every process."""

import json
import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.e2e.conftest import ROOT, RunningServer, command, environment
from tests.interactions.definitions import fond_of, parameter

pytestmark = pytest.mark.e2e

Start = Callable[..., RunningServer]
Run = Callable[..., subprocess.CompletedProcess[str]]

DEADLINE_SECONDS = 30

VICTIM = """
import os, sys
from fhir_server import bootstrap
from fhir_server.jobs import reindex
from fhir_server.jobs.reindex import ReindexWorker
from fhir_server.settings import Settings

server = bootstrap.build(Settings.load(os.environ))
job = reindex.request(server.store, everything=False)
for step in ReindexWorker(server.engines, "victim", lease_seconds=float(sys.argv[1])).steps(job.id):
    print(step.indexed, flush=True)
    if sys.argv[2] == "paced":
        sys.stdin.readline()
"""


def transaction(resources: list[dict[str, Any]]) -> dict[str, Any]:
    entries = [
        {
            "resource": resource,
            "request": {"method": "PUT", "url": f"{resource['resourceType']}/{resource['id']}"},
        }
        for resource in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def send(client: httpx.Client, method: str, url: str, resource: Any = None) -> httpx.Response:
    content = None if resource is None else json.dumps(resource)
    return client.request(method, url, content=content, headers={"Content-Type": "application/fhir+json"})


def fill(client: httpx.Client, count: int) -> None:
    """Patients who love blue, and the parameter that finds them."""
    for start in range(0, count, 100):
        numbers = range(start, min(start + 100, count))
        bundle = transaction([fond_of("blue", id=f"p{number}") for number in numbers])
        answer = send(client, "POST", "", bundle)
        assert answer.status_code == 200, answer.text
    assert send(client, "PUT", "SearchParameter/favourite", parameter()).status_code == 201


def total(client: httpx.Client, search: str = "Patient?favourite=blue") -> int | None:
    """The matches counted; None where the server says that the index is pending."""
    answer = client.get(f"{search}&_summary=count")
    if answer.status_code == 400:
        assert "cannot be searched yet" in answer.json()["issue"][0]["diagnostics"]
        return None
    return int(answer.json()["total"])


def state(client: httpx.Client, url: str = "$reindex") -> dict[str, Any]:
    parts = client.get(url).json()["parameter"]
    return {part["name"]: next((v for k, v in part.items() if k.startswith("value")), None) for part in parts}


def await_done(client: httpx.Client, url: str = "$reindex") -> dict[str, Any]:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while time.monotonic() < deadline:
        found = state(client, url)
        if found["status"] not in ("accepted", "in-progress"):
            return found
        time.sleep(0.05)
    raise AssertionError(f"the job does not end: {found}")


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_stored_parameter_is_pending_then_reindexed_then_searched(start_bare: Start, workers: str) -> None:
    server = start_bare("--workers", workers)
    with server.client() as client:
        fill(client, 250)
        assert total(client) is None
        accepted = send(client, "POST", "$reindex")
        assert accepted.status_code == 202
        assert accepted.headers["Content-Location"] == f"{server.base_url}/$reindex?job=reindex-1"
        done = await_done(client, accepted.headers["Content-Location"])
        assert (done["status"], done["indexed"], done["total"]) == ("completed", 250, 250)
    # New connections reach every worker.
    for _ in range(12):
        with server.client() as other:
            assert total(other) == 250


def test_a_guide_parameter_works_on_a_store_that_was_made_before_it(
    start_server: Start, run_command: Run
) -> None:
    old = start_server(programmes="")
    claim = json.loads((ROOT / "tests/data/hl7-r4/claim-example-vision-glasses.json").read_text())
    with old.client() as client:
        assert send(client, "PUT", f"Claim/{claim['id']}", claim).status_code == 201
        assert client.get("Claim?service-date=2014-08-16").status_code == 400
    assert old.stop() == 0
    new = start_server()
    assert "pending; searches that need them wait for 'fhir-server reindex'" in new.text()
    with new.client() as client:
        assert total(client, "Claim?use=claim") == 1
        assert total(client, "Claim?sequence-rank=1") is None
        assert send(client, "PUT", f"Claim/{claim['id']}", claim).status_code == 200
        reindexed = run_command("reindex")
        assert (reindexed.returncode, reindexed.stdout.split()[0]) == (0, "1"), reindexed
        assert total(client, "Claim?sequence-rank=1") == 0
        assert total(client, "Claim?use=claim") == 1
    assert new.stop() == 0
    assert "Indexes" not in start_server().text()


def test_the_server_serves_and_takes_writes_while_it_reindexes(start_bare: Start) -> None:
    server = start_bare()
    with server.client() as client:
        fill(client, 1_500)
        assert send(client, "POST", "$reindex").status_code == 202
        written = 0
        while state(client)["status"] in ("accepted", "in-progress"):
            resource = fond_of("red", id=f"p{written}")
            assert send(client, "PUT", f"Patient/p{written}", resource).status_code == 200
            assert client.get(f"Patient/p{written}").json()["extension"][0]["valueString"] == "red"
            written += 1
        assert state(client)["status"] == "completed"
        assert written > 0
        assert total(client, "Patient?favourite=red") == written
        assert total(client) == 1_500 - written


def test_a_job_that_was_killed_goes_on_where_it_was(
    tmp_path: Path, start_server: Start, run_command: Run
) -> None:
    server = start_server()
    with server.client() as client:
        fill(client, 350)
    server.stop()
    victim = start_victim(tmp_path, "0")
    assert victim.stdout is not None
    assert [int(victim.stdout.readline()), next_line(victim)] == [100, 200]
    victim.kill()
    victim.communicate()
    server = start_server()
    with server.client() as client:
        done = await_done(client)
        assert (done["status"], done["indexed"]) == ("completed", 350)
        assert total(client) == 350
    doctor = run_command("doctor")
    assert doctor.stdout.endswith("sound\n")


def test_killed_at_any_moment_it_never_tells_a_part_of_the_truth(
    tmp_path: Path, start_server: Start, run_command: Run
) -> None:
    count = 3_000
    server = start_server()
    with server.client() as client:
        fill(client, count)
    server.stop()
    moments, reached = random.Random(5), 0
    for _ in range(4):
        victim = start_victim(tmp_path, "0.1", "free")
        assert victim.stdout is not None
        at = int(victim.stdout.readline())
        assert at >= reached
        time.sleep(moments.uniform(0.0, 0.02))
        victim.kill()
        rest = victim.communicate()[0].split("\n")
        reached = max([at, *map(int, rest[:-1])])
        if reached > count // 2:
            break
    assert "pending    Patient: favourite" in run_command("doctor").stdout
    finished = run_command("reindex")
    assert finished.stdout.startswith(f"{count} resources indexed"), finished
    assert run_command("doctor").stdout.endswith("sound\n")
    with start_server().client() as client:
        assert total(client) == count


def start_victim(folder: Path, lease_seconds: str, pace: str = "paced") -> subprocess.Popen[str]:
    """A process that reindexes; where it is paced, one batch for each line that it is sent."""
    return subprocess.Popen(
        [sys.executable, "-c", VICTIM, lease_seconds, pace],
        cwd=folder,
        env=environment({}),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def next_line(process: subprocess.Popen[str]) -> int:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    return int(process.stdout.readline())


def test_a_second_process_waits_for_the_first_and_takes_over(tmp_path: Path, start_server: Start) -> None:
    server = start_server()
    with server.client() as client:
        fill(client, 250)
    server.stop()
    first = start_victim(tmp_path, "3")
    assert first.stdout is not None
    assert int(first.stdout.readline()) == 100
    waiting = subprocess.Popen(
        command("reindex"), cwd=tmp_path, env=environment({}), stdout=subprocess.PIPE, text=True
    )
    time.sleep(1.0)
    assert waiting.poll() is None
    first.kill()
    first.communicate()
    printed, _ = waiting.communicate(timeout=DEADLINE_SECONDS)
    assert waiting.returncode == 0
    assert printed.startswith("250 resources indexed")


def test_other_settings_are_told_before_they_do_harm(start_server: Start, run_command: Run) -> None:
    server = start_server()
    with server.client() as client:
        fill(client, 3)
        refused = run_command("reindex", time_zone="Asia/Tokyo")
        assert refused.returncode == 1
        assert "otherwise than this command would" in refused.stderr
        assert send(client, "PUT", "Patient/p0", fond_of("red", id="p0")).status_code == 200
        assert run_command("reindex", "--all", time_zone="Asia/Tokyo").returncode == 0
        stale = send(client, "PUT", "Patient/p0", fond_of("blue", id="p0"))
        assert stale.status_code == 503
        assert client.get("Patient/p0").status_code == 200
    server.stop()
    with start_server(time_zone="Asia/Tokyo").client() as client:
        assert client.get("Patient?birthdate=2000").status_code == 200
        assert total(client, "Patient?favourite=red") == 1
