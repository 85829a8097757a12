"""Look-ups in a unit of work agree with the reference after any writes, flushes and rollbacks."""

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fhir_server.search.ast import SearchQuery
from fhir_server.store.memory import MemoryStore
from fhir_server.store.mongo import MongoStore
from fhir_server.store.port import Store, UnitOfWork
from tests.mongo.databases import emptied_store
from tests.store.samples import identified, person

TYPES, IDS, CODES = ("Patient", "Group"), ("a", "b", "c", "d"), ("1", "2", "3")

Step = tuple[str, str, str, str]
steps = st.tuples(
    st.sampled_from(("put", "put", "delete", "send", "look", "expect")),
    st.sampled_from(TYPES),
    st.sampled_from(IDS),
    st.sampled_from(CODES),
)
units = st.lists(st.tuples(st.lists(steps, min_size=1, max_size=8), st.booleans()), min_size=1, max_size=6)


class Undone(Exception):
    """Raised at the end of a unit that is not to happen."""


def look_up(type: str, code: str, count: int = 2) -> SearchQuery:
    return SearchQuery((type,), (identified(code),), count=count, total="none")


def run(unit: UnitOfWork, step: Step) -> list[tuple[str, int]]:
    kind, type, id, code = step
    match kind:
        case "put":
            unit.put(*person(id, code=code, type=type), "PUT")
        case "delete":
            unit.delete(type, id)
        case "send":
            # No look-up, so that it must see all that was written.
            unit.search(SearchQuery(TYPES, (identified(code),)))
        case "expect":
            unit.prefetch_searches(look_up(type, other) for type in TYPES for other in CODES)
    found = unit.search(look_up(type, code)).matches
    return [(one.reference, one.version) for one in found]


def told(store: Store, history: list[tuple[list[Step], bool]]) -> list[list[tuple[str, int]]]:
    """What the look-ups of units that share a transaction find."""
    found: list[list[tuple[str, int]]] = []

    def work(unit: UnitOfWork, done: list[Step], lasts: bool) -> None:
        found.extend([run(unit, step) for step in done])
        if not lasts:
            raise Undone

    with store.group():
        for done, lasts in history:
            try:
                store.transact(lambda unit, done=done, lasts=lasts: work(unit, done, lasts))  # type: ignore[misc]
            except Undone:
                continue
    for type in TYPES:
        for code in CODES:
            matches = store.search(look_up(type, code)).matches
            found.append([(one.reference, one.version) for one in matches])
    return found


@settings(max_examples=40)
@given(first=units, second=units)
def test_look_ups_agree(first: list[tuple[list[Step], bool]], second: list[tuple[list[Step], bool]]) -> None:
    store = emptied_store()
    reference = MemoryStore()
    try:
        assert told(store, first) == told(reference, first)
        assert told(store, second) == told(reference, second)
        assert store.check() == []
    finally:
        store.close()


@pytest.fixture
def store() -> Iterator[MongoStore]:
    opened = emptied_store()
    yield opened
    opened.close()


def test_more_than_are_listed_are_found_too(store: MongoStore) -> None:
    def work(unit: UnitOfWork) -> tuple[list[str], object]:
        for number in range(12):
            unit.put(*person(f"p{number}", code="1"), "PUT")
        unit.search(SearchQuery(TYPES))
        unit.put(*person("late", code="1"), "PUT")
        found = unit.search(look_up("Patient", "1", count=12))
        return [one.id for one in found.matches], found.next

    assert store.transact(work) == ([f"p{number}" for number in range(12)], (12,))
    assert store.transact(lambda unit: unit.search(look_up("Patient", "1", count=13)).next) is None
