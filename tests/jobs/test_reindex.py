"""Reindexing: in batches, beside other writes, resumed after an interruption, by one process at a time."""

from typing import Any

import pytest

from fhir_server.errors import Conflict, NotFound
from fhir_server.jobs import reindex, type_indexer
from fhir_server.jobs.reindex import KIND, LeaseLost, Progress, ReindexWorker
from fhir_server.jobs.type_indexer import BATCH, ResourceFailed
from fhir_server.search.entries import Entries
from fhir_server.search.extract import Extractor
from tests.interactions.client import Client, patient
from tests.interactions.definitions import URL, fill, fond_of, parameter, reindexed

MANY = BATCH * 2 + 7


def total(client: Client, search: str) -> int:
    return int(client.get(f"{search}&_summary=count").content["total"])


def worker(client: Client, owner: str = "worker", **options: Any) -> ReindexWorker:
    return ReindexWorker(client.engines, owner, **options)


def test_it_tells_how_far_it_is(client: Client) -> None:
    fill(client, MANY)
    steps = reindexed(client)
    assert [step.indexed for step in steps] == [BATCH, 2 * BATCH, MANY, MANY]
    assert {step.total for step in steps} == {MANY}
    (job,) = reindex.jobs(client.engine.store)
    assert (job.id, job.done, job.progress.error) == ("reindex-1", True, "")
    assert total(client, "Patient?favourite=blue") == MANY


def test_it_does_only_the_types_that_are_pending(client: Client) -> None:
    client.post("Basic", {"resourceType": "Basic", "code": {"text": "x"}})
    fill(client, 3)
    assert reindexed(client)[-1].finished == ("Patient",)
    assert reindexed(client)[-1].indexed == 0
    assert reindexed(client, everything=True)[-1].finished == ("Basic", "Patient", "SearchParameter")


def test_everything_is_made_anew(client: Client) -> None:
    stored = client.engine.store.read("Patient", client.post("Patient", patient()).id)
    assert stored is not None
    client.engine.store.transact(lambda unit: unit.replace_entries(stored, Entries()))
    assert total(client, "Patient?name=durand") == 0
    assert reindexed(client)[-1].indexed == 0
    assert total(client, "Patient?name=durand") == 0
    reindexed(client, everything=True)
    assert total(client, "Patient?name=durand") == 1


def test_what_is_written_meanwhile_is_neither_lost_nor_overwritten(client: Client) -> None:
    fill(client, MANY)
    job = reindex.request(client.engine.store, everything=False)
    steps = worker(client).steps(job.id)
    next(steps)
    client.put("Patient/p0", fond_of("red", id="p0"))
    client.put(f"Patient/p{MANY - 1}", fond_of("red", id=f"p{MANY - 1}"))
    client.delete("Patient/p1")
    client.delete(f"Patient/p{MANY - 2}")
    client.put("Patient/p1", fond_of("red", id="p1"))
    client.put("Patient/new", fond_of("red", id="new"))
    last = list(steps)[-1]
    assert last.indexed <= MANY
    assert total(client, "Patient?favourite=red") == 4
    assert total(client, "Patient?favourite=blue") == MANY - 4
    assert client.engine.store.check() == []


def test_a_resource_that_changes_while_its_batch_is_looked_through_keeps_the_later_entries(
    client: Client,
) -> None:
    fill(client, 1)
    change = iter([lambda: client.put("Patient/p0", fond_of("red", id="p0"))])
    job = reindex.request(client.engine.store, everything=False)
    list(worker(client, after_each=lambda: next(change, lambda: None)()).steps(job.id))
    assert total(client, "Patient?favourite=red") == 1
    assert total(client, "Patient?favourite=blue") == 0


def test_another_goes_on_where_one_stopped(client: Client) -> None:
    fill(client, MANY)
    job = reindex.request(client.engine.store, everything=False)
    first = worker(client, "first", lease_seconds=0).steps(job.id)
    assert next(first).indexed == BATCH
    second = worker(client, "second")
    assert [step.indexed for step in second.steps(job.id)] == [2 * BATCH, MANY, MANY]
    with pytest.raises(LeaseLost):
        next(first)
    assert total(client, "Patient?favourite=blue") == MANY


def test_one_at_a_time_does_a_job(client: Client) -> None:
    fill(client, MANY)
    job = reindex.request(client.engine.store, everything=False)
    first = worker(client, "first").steps(job.id)
    next(first)
    assert list(worker(client, "second").steps(job.id)) == []
    assert list(first)[-1].indexed == MANY
    assert list(worker(client, "second").steps(job.id)) == []


def test_a_definition_that_comes_meanwhile_is_made_too(client: Client) -> None:
    fill(client, MANY)
    job = reindex.request(client.engine.store, everything=False)
    steps = worker(client).steps(job.id)
    next(steps)
    expression = "Patient.name.family.first()"
    client.put("SearchParameter/s", parameter(id="s", url=f"{URL}-2", code="second", expression=expression))
    rest = list(steps)
    assert [step.indexed for step in rest] == [BATCH, 2 * BATCH, MANY, MANY]
    assert total(client, "Patient?favourite=blue") == total(client, "Patient?second=durand") == MANY


def test_a_definition_that_comes_within_a_batch_is_made_too(client: Client) -> None:
    fill(client, 2)
    changed = parameter(expression="Patient.name.family.first()")
    change = iter([lambda: client.put("SearchParameter/favourite", changed)])
    job = reindex.request(client.engine.store, everything=False)
    list(worker(client, after_each=lambda: next(change, lambda: None)()).steps(job.id))
    assert total(client, "Patient?favourite=durand") == 2


def test_requests_that_come_together_ask_for_one_job(client: Client) -> None:
    """What the first asks for stays asked for, though the second cannot see it yet."""
    store = client.engine.store
    if not store.capabilities.in_loop:
        pytest.skip("requests to a store over a network share no group")
    with store.group():
        first = reindex.request(store, everything=True)
        assert reindex.request(store, everything=False) == first
    assert reindex.job(store, None) == first


def test_a_second_request_joins_the_job_that_is_not_done(client: Client) -> None:
    store = client.engine.store
    first = reindex.request(store, everything=False)
    assert reindex.request(store, everything=False) == first
    with pytest.raises(Conflict, match=first.id):
        reindex.request(store, everything=True)
    list(worker(client).steps(first.id))
    second = reindex.request(store, everything=True)
    assert second.id != first.id
    assert reindex.request(store, everything=False) == second
    assert reindex.job(store, None) == second
    with pytest.raises(NotFound):
        reindex.job(store, "reindex-9")


def test_jobs_are_in_the_order_of_their_numbers(client: Client) -> None:
    for _ in range(11):
        reindexed(client)
    assert [job.id for job in reindex.jobs(client.engine.store)][-2:] == ["reindex-10", "reindex-11"]


def test_a_resource_that_cannot_be_read_ends_the_job_and_is_named(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(client, 1)

    def fail(*_: object, **__: object) -> Entries:
        raise ValueError("what the resource says")

    monkeypatch.setattr(Extractor, "entries_of", fail)
    job = reindex.request(client.engine.store, everything=False)
    with pytest.raises(ResourceFailed, match="Patient/p0"):
        list(worker(client).steps(job.id))
    (failed,) = reindex.jobs(client.engine.store)
    assert failed.done
    assert failed.progress.error == "Patient/p0: ValueError"
    assert client.get("Patient?favourite=blue").status == 400


def test_a_lease_is_renewed_while_the_job_goes_on(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(client, MANY)
    now = [1_000_000_000.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    monkeypatch.setattr("time.time_ns", lambda: int(now[0] * 1e9))
    job = reindex.request(client.engine.store, everything=False)
    steps = worker(client, lease_seconds=9).steps(job.id)
    for _ in range(3):
        next(steps)
        now[0] += 8
        assert client.engine.store.acquire_job(KIND, job.id, "other", 9) is None
    assert [step.total for step in steps] == [MANY]


def test_a_new_job_has_done_nothing(client: Client) -> None:
    assert reindex.request(client.engine.store, everything=True).progress == Progress(everything=True)


def test_a_unit_ends_where_it_takes_long(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """What others wait for, and the lease, is not left to how long an expression takes."""
    monkeypatch.setattr(type_indexer, "BATCH_SECONDS", 0.0)
    ids = [client.post("Patient", fond_of("blue")).id for _ in range(3)]
    client.post("SearchParameter", parameter())
    steps = reindexed(client)
    assert [step.indexed for step in steps] == [1, 2, 3, 3]
    assert client.get("Patient?favourite=blue").ids == ids
