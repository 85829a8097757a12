"""Starting, stopping, refusing to start; several processes on one store."""

import asyncio
import json
import os
import resource
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

pytestmark = pytest.mark.e2e

Start = Callable[..., Any]
Run = Callable[..., subprocess.CompletedProcess[str]]

PATIENT = {"resourceType": "Patient", "name": [{"family": "Essai"}]}
FHIR_JSON = {"Content-Type": "application/fhir+json"}


def test_it_tells_where_it_is_and_what_to_try(start_server: Start) -> None:
    server = start_server()
    printed = server.text()
    assert f"FHIR base  {server.base_url}" in printed
    assert "sesame " in printed
    (curl,) = [line.removeprefix("Try").strip() for line in printed.splitlines() if line.startswith("Try")]
    answer = subprocess.run(
        curl.replace("curl", "curl --silent --fail"), shell=True, capture_output=True, check=True
    )
    assert json.loads(answer.stdout)["resourceType"] == "CapabilityStatement"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_cleanly(start_bare: Start, number: int) -> None:
    server = start_bare()
    with server.client() as client:
        assert client.get("metadata").status_code == 200
        assert server.stop(number) == 0
    assert "Traceback" not in server.text()


def test_what_was_written_is_there_after_a_restart(start_server: Start) -> None:
    first = start_server()
    with first.client() as client:
        created = client.post("Patient", json=PATIENT, headers=FHIR_JSON)
        assert created.status_code == 201
        id = created.json()["id"]
        guide = client.get("Questionnaire/phq-9").headers["ETag"]
    assert first.stop() == 0
    second = start_server()
    with second.client() as client:
        assert client.get(f"Patient/{id}").json()["name"] == PATIENT["name"]
        assert client.get("Questionnaire/phq-9").headers["ETag"] == guide
    assert "(0 resources written)" in second.text()


def test_an_open_request_is_finished_before_the_end(start_bare: Start) -> None:
    server = start_bare()
    body = json.dumps(PATIENT).encode()
    head = (
        b"POST /fhir/Patient HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/fhir+json\r\n"
        b"Content-Length: %d\r\n\r\n" % len(body)
    )
    port = int(server.root_url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall(head + body[:10])
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        connection.sendall(body[10:])
        assert connection.recv(65_536).startswith(b"HTTP/1.1 201 ")
    assert server.process.wait(20) == 0


def test_it_serves_pages_beside_the_base(start_server: Start) -> None:
    server = start_server()
    with httpx.Client(base_url=server.root_url) as client:
        assert client.get("/health/live").json() == {"status": "live"}
        assert "/fhir/metadata" in client.get("/").text
        assert client.get("/docs").status_code == 200
        paths = client.get("/openapi.json").json()["paths"]
        assert "/fhir/ServiceRequest/{id}" in paths


def test_the_demo_is_loaded_once(start_server: Start) -> None:
    totals = []
    for _ in range(2):
        server = start_server("--demo")
        with server.client() as client:
            totals.append(client.get("_history?_count=0").json()["total"])
        assert server.stop() == 0
    assert totals[0] == totals[1]


def test_a_host_of_another_name_is_refused(start_bare: Start) -> None:
    server = start_bare()
    with server.client() as client:
        refused = client.get("metadata", headers={"Host": "rebound.example"})
    assert refused.status_code == 400
    assert refused.json()["resourceType"] == "OperationOutcome"


def test_the_log_holds_no_search_value(start_bare: Start) -> None:
    server = start_bare()
    with server.client() as client:
        client.get("Patient?name=Dupont&identifier=urn:x|42")
        client.get("Patient/dupont-jeanne")
    assert server.stop() == 0
    logged = server.text()
    assert '"path":"/Patient"' in logged
    assert '"path":"/Patient/{}"' in logged
    assert "upont" not in logged


def test_a_port_in_use_is_one_line(run_command: Run) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        result = run_command("serve", "--port", str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(
        f"fhir-server: cannot listen on 127.0.0.1 port {port}: Address already in use"
    )
    assert result.stderr.count("\n") == 1


def test_it_refuses_to_be_reached_by_others(run_command: Run) -> None:
    result = run_command("serve", "--host", "0.0.0.0", "--port", "0")
    assert result.returncode == 1
    assert "no access control is configured" in result.stderr


def test_open_access_can_be_allowed(start_bare: Start) -> None:
    server = start_bare("--host", "0.0.0.0", allow_open_access="true")
    assert server.base_url.startswith("http://127.0.0.1:")


def test_an_unknown_setting_is_one_line(run_command: Run) -> None:
    result = run_command("serve", stoer="memory:")
    assert result.returncode == 1
    assert "did you mean FHIR_SERVER_STORE?" in result.stderr
    assert result.stderr.count("\n") == 1


def test_commands_work_while_the_server_runs(start_server: Start, run_command: Run, tmp_path: Path) -> None:
    server = start_server()
    (tmp_path / "p.json").write_text(json.dumps(PATIENT | {"id": "loaded"}))
    assert run_command("load", "p.json").returncode == 0
    with server.client() as client:
        assert client.get("Patient/loaded").status_code == 200
    assert run_command("backup", "copy.sqlite").returncode == 0


async def create_all_at_once(base_url: str, identifier: str, count: int) -> list[int]:
    """Conditional creates of one identifier, each on a connection of its own."""
    patient = PATIENT | {"identifier": [{"system": "urn:test", "value": identifier}]}
    headers = FHIR_JSON | {"If-None-Exist": f"identifier=urn:test|{identifier}"}

    async def create() -> int:
        async with httpx.AsyncClient(timeout=30) as client:
            response = await client.post(f"{base_url}/Patient", json=patient, headers=headers)
            return response.status_code

    return list(await asyncio.gather(*(create() for _ in range(count))))


def test_workers_share_the_port_and_the_store(start_server: Start) -> None:
    server = start_server("--workers", "2")
    for identifier in ("a", "b", "c"):
        statuses = asyncio.run(create_all_at_once(server.base_url, identifier, 12))
        assert sorted(statuses) == [200] * 11 + [201]
        with server.client() as client:
            found = client.get("Patient", params={"identifier": f"urn:test|{identifier}"})
        assert found.json()["total"] == 1
    assert server.stop() == 0
    assert "Traceback" not in server.text()


def test_ctrl_c_in_a_terminal_reaches_all_workers(start_bare: Start) -> None:
    server = start_bare("--workers", "2")
    # A terminal sends the signal to the whole group, so parent and children get it at once.
    os.killpg(server.process.pid, signal.SIGINT)
    assert server.process.wait(20) == 0
    assert "Traceback" not in server.text()
    assert "KeyboardInterrupt" not in server.text()


def test_workers_end_with_their_parent(start_bare: Start) -> None:
    server = start_bare("--workers", "2")
    children = child_processes(server.process.pid)
    assert len(children) >= 2
    server.process.kill()
    server.process.wait()
    deadline = time.monotonic() + 15
    while any(is_running(child) for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(is_running(child) for child in children)


def child_processes(parent: int) -> list[int]:
    listed = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(number) for number in listed.split()]


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
    return state != "Z"


def test_what_cannot_be_made_durable_is_not_acknowledged(start_bare: Start) -> None:
    server = start_bare()
    note = {"status": "generated", "div": f"<div xmlns='http://www.w3.org/1999/xhtml'>{'x' * 50_000}</div>"}
    acknowledged, refused = [], None
    with server.client() as client:
        forbid_growth(server.process.pid, Path(server.output).parent / "data")
        while refused is None:
            answer = client.post("Patient", json=PATIENT | {"text": note}, headers=FHIR_JSON)
            if answer.status_code == 201:
                acknowledged.append(answer.json()["id"])
            else:
                refused = answer
            assert len(acknowledged) < 1_000
        assert refused.status_code in (503, 507)
        assert refused.json()["resourceType"] == "OperationOutcome"
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, UNLIMITED)
        assert client.post("Patient", json=PATIENT, headers=FHIR_JSON).status_code == 201
        statuses = {client.get(f"Patient/{id}").status_code for id in acknowledged}
        assert statuses <= {200}
        total = client.get("Patient", params={"family": "Essai", "_summary": "count"}).json()["total"]
        assert total == len(acknowledged) + 1


UNLIMITED = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)


def forbid_growth(process: int, folder: Path) -> None:
    """From now on the process cannot make any file larger than the store's largest is, plus one MiB."""
    largest = max(file.stat().st_size for file in folder.iterdir())
    resource.prlimit(process, resource.RLIMIT_FSIZE, (largest + 2**20, resource.RLIM_INFINITY))


def test_many_writers_and_readers_at_once(start_bare: Start) -> None:
    server = start_bare(log_requests="false")
    failures: list[str] = []

    def work(number: int) -> None:
        with server.client() as client:
            for turn in range(20):
                id = f"w{number}-{turn}"
                put = client.put(f"Patient/{id}", json=PATIENT | {"id": id}, headers=FHIR_JSON)
                got = client.get(f"Patient/{id}")
                if (put.status_code, got.status_code, got.headers.get("ETag")) != (201, 200, 'W/"1"'):
                    failures.append(f"{id}: {put.status_code} {got.status_code}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
