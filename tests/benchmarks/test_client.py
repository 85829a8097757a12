"""The client drives a real server."""

from pathlib import Path

import pytest

from benchmarks import client, machine, servers, wire
from benchmarks.client import Span
from benchmarks.workloads import InTurn, UnexpectedAnswer

pytestmark = pytest.mark.e2e

BODY = b'{"resourceType":"Patient"}'
SPAN = Span(warm_up_seconds=0.05, seconds=0.1)


def test_the_floor_says_the_bytes_it_was_given_and_bears_the_load(tmp_path: Path) -> None:
    with servers.floor(machine.cores().server, tmp_path, 201, BODY) as floor:
        answer = floor.ask(wire.request("POST", "/fhir/Patient", BODY))
        sample = client.drive(
            floor.port, floor.processor_seconds, InTurn([wire.request("GET", "/fhir/Patient/a")], 201), SPAN
        )

    assert (answer.status, answer.body) == (201, BODY)
    assert sample.rate > 0
    assert sample.server_busy > 0
    assert 0 < sample.p50_seconds <= sample.p99_seconds
    assert floor.process.returncode == 0


def test_a_wrong_answer_ends_the_round(tmp_path: Path) -> None:
    with servers.floor(machine.cores().server, tmp_path, 201, BODY) as floor, pytest.raises(UnexpectedAnswer):
        client.drive(floor.port, floor.processor_seconds, InTurn([wire.request("GET", "/")], 200), SPAN)


def test_a_server_that_cannot_start_is_reported_with_its_words(tmp_path: Path) -> None:
    (tmp_path / "fhir.sqlite").write_text("not a database, and long enough to be seen as none " * 100)

    with (
        pytest.raises(servers.ServerFailed, match="wrote"),
        servers.product(machine.cores().server, tmp_path),
    ):
        pass
