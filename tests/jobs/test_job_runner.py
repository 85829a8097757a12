"""The thread that runs waiting jobs."""

import time
from collections.abc import Callable

import pytest

from fhir_server.jobs import reindex
from fhir_server.jobs.job_runner import JobRunner
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from tests.interactions.client import Client
from tests.interactions.definitions import fill

POLL_SECONDS = 0.01
DEADLINE_SECONDS = 20.0


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not done():
        assert time.monotonic() < deadline, "nothing happens"
        time.sleep(POLL_SECONDS)


def test_it_does_what_is_asked_for_while_it_runs(client: Client) -> None:
    fill(client, 5)
    runner = JobRunner(client.engines, "test", POLL_SECONDS)
    runner.start()
    client.post("$reindex")
    until(lambda: reindex.jobs(client.engine.store)[-1].done)
    runner.stop()
    assert client.get("Patient?favourite=blue&_summary=count").content["total"] == 5


def test_it_stops_within_a_job_that_another_finishes(client: Client) -> None:
    fill(client, 1_000)
    client.post("$reindex")
    first = JobRunner(client.engines, "same", POLL_SECONDS)
    first.start()
    until(lambda: reindex.jobs(client.engine.store)[-1].progress.indexed > 0)
    first.stop()
    reached = reindex.jobs(client.engine.store)[-1]
    assert not reached.done
    second = JobRunner(client.engines, "same", POLL_SECONDS)
    second.start()
    until(lambda: reindex.jobs(client.engine.store)[-1].done)
    second.stop()
    assert reindex.jobs(client.engine.store)[-1].progress.indexed == 1_000


def test_a_runner_that_was_never_started_stops_too(client: Client) -> None:
    JobRunner(client.engines, "test").stop()


def test_a_failure_is_logged_without_what_the_resource_says(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    fill(client, 1)

    def fail(*_: object, **__: object) -> Entries:
        raise ValueError("Durand")

    monkeypatch.setattr(Extractor, "entries_of", fail)
    client.post("$reindex")
    runner = JobRunner(client.engines, "test", POLL_SECONDS)
    runner.start()
    until(lambda: bool(caplog.records))
    runner.stop()
    assert "ResourceFailed" in caplog.text
    assert "Durand" not in caplog.text
    failed = client.get("$reindex")
    assert "Patient/p0: ValueError" in str(failed.content)
    assert "'failed'" in str(failed.content)
