"""The contract of every backend for resources, versions, units of work and jobs."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fhir_server.core.resource import draft
from fhir_server.errors import Conflict, PreconditionFailed
from fhir_server.search.ast import (
    DateValue,
    Match,
    ParameterType,
    SearchQuery,
    StringValue,
    TokenValue,
    Value,
)
from fhir_server.search.entries import DateEntry, Entries, StringEntry, TokenEntry
from fhir_server.store.backends import open_store
from fhir_server.store.port import HistoryQuery, Store, StoredResource, TypeIndex, UnitOfWork
from tests.store.conftest import TESTED, uri_of
from tests.store.samples import identified, person, put, references


class Undone(Exception):
    """Raised by a unit that is to leave nothing behind."""


def fail(_: UnitOfWork) -> None:
    raise Undone


def test_what_is_put_is_read_as_it_was_written(store: Store) -> None:
    written = store.transact(
        lambda unit: unit.put(draft({"resourceType": "Patient", "active": True}, "a"), Entries(), "POST")
    )
    read = store.read("Patient", "a")
    assert read == written
    assert read is not None
    assert (read.version, read.method, read.deleted, read.reference) == (1, "POST", False, "Patient/a")
    assert read.body.endswith(b'"},"active":true}')
    assert read.body.startswith(b'{"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"')


def test_an_id_that_never_was_is_none(store: Store) -> None:
    put(store, person("a"))
    assert store.read("Patient", "b") is None
    assert store.read("Observation", "a") is None
    assert store.read_version("Patient", "a", 2) is None
    assert store.read_version("Patient", "a", 10**30) is None
    assert store.transact(lambda unit: unit.delete("Patient", "b")) is None


def test_versions_count_up_and_stay(store: Store) -> None:
    first, second = put(store, person("a")), put(store, person("a", family="Durand"))
    deletion = store.transact(lambda unit: unit.delete("Patient", "a"))
    third = put(store, person("a"))
    assert deletion is not None
    assert deletion.deleted
    assert [v.version for v in (first, second, deletion, third)] == [1, 2, 3, 4]
    assert {v.first_sequence for v in (first, second, deletion, third)} == {first.sequence}
    assert [store.read_version("Patient", "a", n) for n in (1, 2, 3, 4)] == [first, second, deletion, third]
    assert store.read("Patient", "a") == third


def test_a_second_deletion_does_nothing(store: Store) -> None:
    put(store, person("a"))
    store.transact(lambda unit: unit.delete("Patient", "a"))
    assert store.transact(lambda unit: unit.delete("Patient", "a")) is None
    assert store.watermark() == 2


@pytest.mark.parametrize(
    ("history", "expected", "fits"),
    [
        ("", 0, True),
        ("", 1, False),
        ("p", 0, False),
        ("p", 1, True),
        ("p", 2, False),
        ("pp", 1, False),
        ("pp", 2, True),
        ("pd", 0, True),
        ("pd", 1, False),
        ("pd", 2, True),
    ],
)
def test_a_put_expects_a_version(store: Store, history: str, expected: int, fits: bool) -> None:
    for step in history:
        if step == "p":
            put(store, person("a"))
        else:
            store.transact(lambda unit: unit.delete("Patient", "a"))
    if fits:
        assert put(store, person("a"), expected).version == len(history) + 1
    else:
        with pytest.raises(PreconditionFailed, match="Patient/a"):
            put(store, person("a"), expected)
        assert store.watermark() == len(history)


def test_a_deletion_expects_a_version(store: Store) -> None:
    put(store, person("a"))
    with pytest.raises(PreconditionFailed, match="at version 1, not 2"):
        store.transact(lambda unit: unit.delete("Patient", "a", 2))
    assert store.transact(lambda unit: unit.delete("Patient", "a", 1)) is not None


def test_a_unit_is_all_or_nothing(store: Store) -> None:
    put(store, person("a", code="1"))

    def work(unit: UnitOfWork) -> None:
        unit.put(*person("a", code="2"), "PUT")
        unit.put(*person("b", code="3"), "PUT")
        unit.claim_unique("k", "Patient/b")
        raise Undone

    with pytest.raises(Undone):
        store.transact(work)
    assert store.read("Patient", "b") is None
    assert references(store.search(SearchQuery(("Patient",))).matches) == ["Patient/a"]
    assert references(store.search(SearchQuery(("Patient",), (identified("1"),))).matches) == ["Patient/a"]
    assert store.watermark() == 1
    assert put(store, person("c")).sequence == 2
    store.transact(lambda unit: unit.claim_unique("k", "Patient/c"))
    assert store.check() == []


def test_a_unit_reads_its_own_writes(store: Store) -> None:
    put(store, person("a"))

    def work(unit: UnitOfWork) -> None:
        new = unit.put(*person("b", code="2"), "PUT")
        unit.delete("Patient", "a")
        assert unit.read("Patient", "b") == new
        assert unit.read_version("Patient", "b", 1) == new
        assert unit.search(SearchQuery(("Patient",))).matches == (new,)
        assert unit.history(HistoryQuery("Patient")).total == 3

    store.transact(work)


def test_a_unit_cannot_be_opened_in_another(store: Store) -> None:
    with pytest.raises(RuntimeError, match="inside another"):
        store.transact(lambda _: store.transact(lambda _: None))
    with pytest.raises(RuntimeError, match="inside another"), store.group(), store.group():
        pass
    assert put(store, person("a")).sequence == 1


def test_all_writes_of_a_unit_have_one_time(store: Store) -> None:
    def work(unit: UnitOfWork) -> list[int]:
        return [unit.now, *(unit.put(*person(id), "PUT").last_updated for id in "abc")]

    times = store.transact(work)
    assert len(set(times)) == 1
    assert times[0] % 1000 == 0


@pytest.mark.parametrize("scheme", TESTED)
def test_the_clock_never_runs_backwards(scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([5_000_000, 4_000_999, 6_000_999])
    monkeypatch.setattr("time.time_ns", lambda: next(times) * 1000)
    opened = open_store(uri_of(scheme, tmp_path))
    written = [put(opened, person(id)) for id in "abc"]
    assert [v.last_updated for v in written] == [5_000_000, 5_000_000, 6_000_000]
    opened.close()


def test_a_group_keeps_what_succeeds(store: Store) -> None:
    with store.group():
        put(store, person("a"))
        with pytest.raises(Undone):
            store.transact(lambda unit: fail(unit) if unit.put(*person("b"), "PUT") else None)
        assert put(store, person("c")).sequence == 2
    assert references(store.changes(0, 10)) == ["Patient/a", "Patient/c"]
    assert store.check() == []


def test_units_of_a_group_see_what_succeeded_and_nothing_else(store: Store) -> None:
    everyone = SearchQuery(("Patient",))

    def fail_after_reading(unit: UnitOfWork) -> None:
        unit.put(*person("b", type="New", code="2"), "PUT")
        assert unit.read("Patient", "a") is not None
        unit.put(*person("a", code="3"), "PUT")
        assert references(unit.search(everyone).matches) == ["Patient/a"]
        raise Undone

    with store.group():
        put(store, person("a", code="1"))
        with pytest.raises(Undone):
            store.transact(lambda unit: fail(unit) if unit.put(*person("b", type="New"), "PUT") else None)
        with pytest.raises(Undone):
            store.transact(fail_after_reading)
        put(store, person("b", type="New", code="2"))
        assert store.transact(lambda unit: unit.read_version("Patient", "a", 2)) is None
        put(store, person("a", code="4"))
        with pytest.raises(PreconditionFailed):
            put(store, person("a"), 0)
    found = {code: store.search(SearchQuery((), (identified(code),))).matches for code in "1234"}
    assert {code: references(matches) for code, matches in found.items()} == {
        "1": [],
        "2": ["New/b"],
        "3": [],
        "4": ["Patient/a"],
    }
    assert references(store.changes(0, 10)) == ["Patient/a", "New/b", "Patient/a"]
    assert store.check() == []


def test_a_group_that_fails_keeps_nothing(store: Store) -> None:
    def write() -> None:
        with store.group():
            put(store, person("a"))
            put(store, person("b", type="Basic"))
            raise Undone

    with pytest.raises(Undone):
        write()
    assert store.watermark() == 0
    assert put(store, person("c", type="Basic")).sequence == 1
    assert store.count() == {"Basic": 1}
    assert store.check() == []


def test_an_empty_group_is_nothing(store: Store) -> None:
    with store.group():
        pass
    assert store.watermark() == 0


def test_a_unique_key_has_one_living_owner(store: Store) -> None:
    def hold(owner: str) -> Callable[[UnitOfWork], None]:
        return lambda unit: unit.claim_unique("claim|7", owner)

    put(store, person("a"))
    store.transact(hold("Patient/a"))
    store.transact(hold("Patient/a"))
    put(store, person("a", family="Durand"))
    with pytest.raises(Conflict, match="Patient/a"):
        store.transact(hold("Patient/b"))
    store.transact(lambda unit: unit.delete("Patient", "a"))
    store.transact(hold("Patient/b"))


def test_a_lock_is_taken_without_ado(store: Store) -> None:
    store.transact(lambda unit: unit.lock("Patient/a"))


def test_history_is_newest_first_and_pages(store: Store) -> None:
    for id in "abab":
        put(store, person(id))
    put(store, person("o", type="Observation"))
    store.transact(lambda unit: unit.delete("Patient", "a"))

    def sequences(query: HistoryQuery) -> list[int]:
        return [version.sequence for version in store.history(query).versions]

    assert sequences(HistoryQuery()) == [6, 5, 4, 3, 2, 1]
    assert sequences(HistoryQuery("Patient")) == [6, 4, 3, 2, 1]
    assert sequences(HistoryQuery("Patient", "a")) == [6, 3, 1]
    assert sequences(HistoryQuery("Patient", "nobody")) == []
    first = store.history(HistoryQuery("Patient", count=2))
    assert (first.total, first.next) == (5, 4)
    second = store.history(HistoryQuery("Patient", count=2, before=first.next))
    assert ([v.sequence for v in second.versions], second.total, second.next) == ([3, 2], 5, 2)
    last = store.history(HistoryQuery("Patient", count=2, before=second.next))
    assert ([v.sequence for v in last.versions], last.next) == ([1], None)
    assert store.history(HistoryQuery(count=0)).versions == ()


def written_at(store: Store, monkeypatch: pytest.MonkeyPatch, times: dict[int, str]) -> None:
    """Put a resource at each millisecond."""
    for time, id in times.items():
        monkeypatch.setattr("time.time_ns", lambda time=time: time * 1_000_000)
        put(store, person(id))


def test_history_since_and_at_a_time(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    written_at(store, monkeypatch, {10: "a", 20: "b", 30: "a"})

    def sequences(query: HistoryQuery) -> list[int]:
        return [version.sequence for version in store.history(query).versions]

    assert sequences(HistoryQuery(since=20_000)) == [3, 2]
    assert sequences(HistoryQuery(since=20_001)) == [3]
    assert sequences(HistoryQuery("Patient", "a", since=30_001)) == []
    assert sequences(HistoryQuery(at=(25_000, 26_000))) == [2, 1]
    assert sequences(HistoryQuery(at=(25_000, 31_000))) == [3, 2, 1]
    assert sequences(HistoryQuery(at=(40_000, 41_000))) == [3, 2]
    assert sequences(HistoryQuery("Patient", "a", at=(0, 10_000))) == []


def test_changes_are_complete_in_order_and_resumable(store: Store) -> None:
    for id in "abc":
        put(store, person(id))
        put(store, person(id, type="Observation"))
    seen: list[StoredResource] = []
    while batch := store.changes(seen[-1].sequence if seen else 0, 4):
        seen += batch
    assert [version.sequence for version in seen] == [1, 2, 3, 4, 5, 6]
    assert [v.sequence for v in store.changes(1, 2, ("Observation",))] == [2, 4]
    assert [v.sequence for v in store.changes(0, 9, ("Observation", "Patient", "Basic"))] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    assert store.changes(0, 9, ("Basic",)) == ()
    assert store.changes(6, 9) == ()


def test_a_purge_leaves_a_deletion_and_nothing_else(store: Store) -> None:
    put(store, person("a", code="1"))
    put(store, person("a", code="2"))
    put(store, person("b", code="3"))
    store.transact(lambda unit: unit.claim_unique("k", "Patient/a"))
    assert store.purge("Patient", "a")
    left = store.read("Patient", "a")
    assert left is not None
    assert (left.deleted, left.version, left.sequence, left.body) == (True, 3, 4, b"")
    assert store.history(HistoryQuery("Patient", "a")).versions == (left,)
    assert store.changes(0, 9)[-1] == left
    assert store.search(SearchQuery((), (identified("2"),))).matches == ()
    assert not store.purge("Patient", "a")
    assert not store.purge("Patient", "nobody")
    store.transact(lambda unit: unit.claim_unique("k", "Patient/b"))
    assert put(store, person("a")).version == 4
    assert store.check() == []


def test_a_resource_is_indexed_anew_as_it_stands(store: Store) -> None:
    first, second = put(store, person("a", code="1")), put(store, person("b", code="2"))
    gone = put(store, person("c", code="3"))
    changed = put(store, person("b", code="2"))
    deletion = store.transact(lambda unit: unit.delete("Patient", "c"))
    assert deletion is not None
    entries = person("x", code="new")[1]

    def index_all(unit: UnitOfWork) -> list[bool]:
        return [
            unit.replace_entries(version, entries) for version in (first, second, gone, changed, deletion)
        ]

    assert store.transact(index_all) == [True, False, False, True, False]
    assert store.search(SearchQuery((), (identified("1"),))).matches == ()
    assert references(store.search(SearchQuery((), (identified("new"),))).matches) == [
        "Patient/a",
        "Patient/b",
    ]
    assert store.read("Patient", "a") == first
    assert store.watermark() == 5
    assert store.check() == []


def test_some_parameters_are_indexed_anew_with_what_is_derived_from_them(store: Store) -> None:
    kept, code = TokenEntry("status", "", "kept"), TokenEntry("code", "", "1")
    derived = StringEntry("code:text", "old text", "old text")
    before = Entries(tokens=[kept, code], strings=[derived, StringEntry("codes", "other", "other")])
    stored = store.transact(lambda unit: unit.put(draft({"resourceType": "Basic"}, "a"), before, "PUT"))
    new = Entries(tokens=[TokenEntry("code", "", "2")], dates=[DateEntry("date", 1, 2)])
    names = frozenset({"code", "date", "gone"})
    assert store.transact(lambda unit: unit.replace_entries(stored, new, names))

    def found(parameter: str, type: ParameterType, value: Value) -> int:
        return len(store.search(SearchQuery(("Basic",), (Match(parameter, type, (value,)),))).matches)

    assert found("status", "token", TokenValue(None, "kept")) == 1
    assert found("codes", "string", StringValue("other", "other")) == 1
    assert found("code", "token", TokenValue(None, "2")) == 1
    assert found("date", "date", DateValue("eq", 1, 2)) == 1
    assert found("code", "token", TokenValue(None, "1")) == 0
    assert found("code:text", "string", StringValue("old text", "old text")) == 0
    assert store.check() == []


def test_a_unit_that_fails_indexes_nothing_anew(store: Store) -> None:
    stored = put(store, person("a", code="1"))

    def work(unit: UnitOfWork) -> None:
        unit.replace_entries(stored, person("a", code="2")[1])
        assert references(unit.search(SearchQuery((), (identified("2"),))).matches) == ["Patient/a"]
        fail(unit)

    with pytest.raises(Undone):
        store.transact(work)
    assert references(store.search(SearchQuery((), (identified("1"),))).matches) == ["Patient/a"]
    assert store.check() == []


def test_definitions_are_kept_by_type_under_a_generation(store: Store) -> None:
    assert (store.generation(), store.indexes()) == (0, {})
    patient = TypeIndex("Patient", {"name": "1"}, frozenset({"name"}))
    basic = TypeIndex("Basic", {"code": "2", "_tag": "3"})
    store.transact(lambda unit: unit.define_indexes([patient, basic]))
    first = store.generation()
    assert first != 0
    assert store.indexes() == {"Patient": patient, "Basic": basic}
    indexed = TypeIndex("Patient", {"name": "1"})
    store.transact(lambda unit: unit.define_indexes([indexed]))
    second = store.generation()
    assert second not in (0, first)
    assert store.indexes() == {"Patient": indexed, "Basic": basic}
    store.transact(lambda unit: unit.define_indexes([]))
    assert store.generation() not in (0, first, second)


def test_a_unit_sees_its_own_definitions_until_it_fails(store: Store) -> None:
    store.transact(lambda unit: unit.define_indexes([TypeIndex("Basic", {})]))
    before = store.generation()

    def work(unit: UnitOfWork) -> None:
        assert unit.generation() == before
        unit.define_indexes([TypeIndex("Patient", {"name": "1"})])
        assert unit.generation() != before
        assert set(unit.indexes()) == {"Basic", "Patient"}
        fail(unit)

    with pytest.raises(Undone):
        store.transact(work)
    assert store.generation() == before
    assert store.transact(lambda unit: unit.generation()) == before
    assert set(store.indexes()) == {"Basic"}


def test_documents_are_kept_beside_the_resources(store: Store) -> None:
    assert store.document("a/1") is None
    assert store.documents("") == ()

    def work(unit: UnitOfWork) -> None:
        for name in ("a/2", "b/1", "a/1", "a", "a/\U0001f600"):
            unit.put_document(name, name.encode() * 3)
        assert unit.document("a/1") == b"a/1a/1a/1"

    store.transact(work)
    assert store.documents("a/") == ("a/1", "a/2", "a/\U0001f600")
    assert store.document("b/1") == b"b/1b/1b/1"
    assert store.count() == {}
    store.transact(lambda unit: unit.put_document("a/1", b"\x00\xff"))
    store.transact(lambda unit: unit.put_document("a/2", None))
    store.transact(lambda unit: unit.put_document("a/3", None))
    assert store.document("a/1") == b"\x00\xff"
    assert store.documents("a/") == ("a/1", "a/\U0001f600")


def test_documents_of_a_unit_that_fails_were_never_kept(store: Store) -> None:
    store.transact(lambda unit: unit.put_document("a", b"1"))

    def work(unit: UnitOfWork) -> None:
        unit.put_document("a", None)
        unit.put_document("b", b"2")
        assert unit.documents("") == ("b",)
        fail(unit)

    with pytest.raises(Undone):
        store.transact(work)
    assert store.documents("") == ("a",)
    assert store.document("a") == b"1"


def test_counts_are_of_living_resources(store: Store) -> None:
    for type, id in (("Patient", "a"), ("Patient", "b"), ("Observation", "a"), ("Basic", "x")):
        put(store, person(id, type=type))
    store.transact(lambda unit: unit.delete("Basic", "x"))
    assert store.count() == {"Observation": 1, "Patient": 2}


def test_epoch_and_secret_are_the_stores_own(store: Store) -> None:
    assert len(store.epoch) == 36
    assert len(store.secret) == 32
