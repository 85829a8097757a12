"""Jobs and their leases, on every backend."""

import pytest

from fhir_server.store.port import Job, Store
from tests.store.samples import person, put


def test_jobs_are_listed_by_kind(store: Store) -> None:
    assert store.jobs("export") == ()
    for kind, id in (("export", "b"), ("import", "c"), ("export", "a")):
        store.acquire_job(kind, id, "one", 10)
    store.update_job("b", "one", b"{}", done=True)
    assert store.jobs("export") == (Job("a", "export", b"", False), Job("b", "export", b"{}", True))


def test_a_job_has_one_owner_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 0)
    job = store.acquire_job("export", "j1", "one", 10)
    assert job is not None
    assert (job.kind, job.state, job.done) == ("export", b"", False)
    assert store.acquire_job("export", "j1", "two", 10) is None
    assert store.update_job("j1", "one", b'{"at":1}')
    assert not store.update_job("j1", "two", b"")
    assert not store.update_job("unknown", "one", b"")
    monkeypatch.setattr("time.time_ns", lambda: 10_000_000_000)
    taken = store.acquire_job("export", "j1", "two", 10)
    assert taken is not None
    assert taken.state == b'{"at":1}'
    assert not store.update_job("j1", "one", b"")
    assert store.update_job("j1", "two", b"end", done=True)
    assert store.acquire_job("export", "j1", "two", 10) is None


def test_progress_is_saved_with_the_units_that_it_tells_of(store: Store) -> None:
    store.acquire_job("export", "j1", "one", 10)

    def batch(number: int, *, fails: bool = False) -> None:
        with store.group():
            put(store, person(f"p{number}"))
            assert store.update_job("j1", "one", b"%d" % number)
            assert not store.update_job("j1", "two", b"")
            if fails:
                raise RuntimeError("undone")

    with pytest.raises(RuntimeError, match="undone"):
        batch(0, fails=True)
    assert [job.state for job in store.jobs("export")] == [b""]
    assert store.changes(0, 10) == ()
    batch(1)
    assert [job.state for job in store.jobs("export")] == [b"1"]
    assert [one.id for one in store.changes(0, 10)] == ["p1"]
    with store.group():
        assert store.update_job("j1", "one", b"2")
    assert [job.state for job in store.jobs("export")] == [b"2"]
    assert store.check() == []


def test_a_lease_of_a_clock_that_was_put_back_does_not_run(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 3_600_000_000_000)
    assert store.acquire_job("export", "j1", "one", 15) is not None
    monkeypatch.setattr("time.time_ns", lambda: 3_590_000_000_000)
    assert store.acquire_job("export", "j1", "two", 15) is None
    monkeypatch.setattr("time.time_ns", lambda: 0)
    assert store.acquire_job("export", "j1", "two", 15) is not None
    assert not store.update_job("j1", "one", b"")
