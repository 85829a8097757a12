"""Random histories, replayed on every backend and compared with the reference in memory."""

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from operator import methodcaller
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from fhir_server.core.resource import draft
from fhir_server.errors import FhirError
from fhir_server.search.ast import Include, Page, SearchQuery
from fhir_server.search.entries import Entries
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import HistoryQuery, Store, UnitOfWork
from fhir_server.store.sqlite import SqliteStore
from tests.store import samples

TYPES, IDS = st.sampled_from(samples.TYPES), st.sampled_from(samples.IDS)
EXPECTED = st.one_of(st.none(), st.integers(0, 4))
TIMES = st.one_of(st.none(), st.integers(0, 30).map(lambda time: time * 1_000))

Step = Callable[[UnitOfWork], Any]


class Undone(Exception):
    """Raised by a unit that is to leave nothing behind."""


def puts(type: str, id: str, entries: Entries, expected: int | None) -> Step:
    return lambda unit: unit.put(draft({"resourceType": type}, id), entries, "PUT", expected)


def deletes(type: str, id: str, expected: int | None) -> Step:
    return lambda unit: unit.delete(type, id, expected)


def holds(key: str, type: str, id: str) -> Step:
    return lambda unit: unit.claim_unique(key, f"{type}/{id}")


def fails() -> Step:
    def fail(_: UnitOfWork) -> None:
        raise Undone

    return fail


STEPS = st.one_of(
    st.builds(puts, TYPES, IDS, samples.entries(), EXPECTED),
    st.builds(puts, TYPES, IDS, samples.entries(), st.none()),
    st.builds(deletes, TYPES, IDS, EXPECTED),
    st.builds(holds, st.sampled_from(["a", "b"]), TYPES, IDS),
)
UNITS = st.tuples(st.lists(STEPS, min_size=1, max_size=3), st.booleans()).map(
    lambda pair: [*pair[0], *([fails()] if pair[1] else [])]
)


def outcome(action: Callable[[], Any]) -> Any:
    """What an action returns, or what it raises."""
    try:
        return action()
    except FhirError as error:
        return type(error), str(error)
    except Undone:
        return Undone


def transacted(store: Store, steps: list[Step]) -> list[Any]:
    """What each step of one unit gives."""
    return store.transact(lambda unit: [step(unit) for step in steps])


class Histories(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self._time = 0
        self._resources = ExitStack()
        folder = self._resources.enter_context(TemporaryDirectory())
        self._reference = MemoryStore(lambda: self._time)
        self._others = self.others(Path(folder), lambda: self._time)

    def others(self, folder: Path, clock: Callable[[], int]) -> list[Store]:
        """The stores that are compared with the reference."""
        return [SqliteStore(folder / "store.sqlite", clock)]

    def teardown(self) -> None:
        for store in (self._reference, *self._others):
            assert store.check() == []
            store.close()
        self._resources.close()

    def agree(self, action: Callable[[Store], Any]) -> Any:
        """Do the same to every store and expect the same of each."""
        expected = outcome(lambda: action(self._reference))
        for store in self._others:
            assert outcome(partial(action, store)) == expected
        return expected

    @rule(time=st.integers(0, 30))
    def the_wall_clock_is_set(self, time: int) -> None:
        self._time = time * 1_000 + 7

    @rule(steps=UNITS)
    def a_unit_runs(self, steps: list[Step]) -> None:
        self.agree(lambda store: transacted(store, steps))

    @rule(units=st.lists(UNITS, min_size=1, max_size=4))
    def a_group_runs(self, units: list[list[Step]]) -> None:
        def run(store: Store) -> list[Any]:
            with store.group():
                return [outcome(partial(transacted, store, steps)) for steps in units]

        self.agree(run)

    @rule(units=st.lists(UNITS, min_size=1, max_size=2))
    def a_group_fails(self, units: list[list[Step]]) -> None:
        def run(store: Store) -> None:
            with store.group():
                for steps in units:
                    outcome(partial(transacted, store, steps))
                raise Undone

        self.agree(run)

    @rule(type=TYPES, id=IDS)
    def a_resource_is_purged(self, type: str, id: str) -> None:
        self.agree(lambda store: store.purge(type, id))

    @rule(types=samples.type_lists(), where=st.lists(samples.clauses(), max_size=2), sort=samples.sorts())
    def pages_are_walked(self, types: tuple[str, ...], where: list[Any], sort: Any) -> None:
        page = None
        while True:
            query = SearchQuery(types, tuple(where), sort, count=2, page=page)
            found = self.agree(methodcaller("search", query))
            if found.next is None:
                break
            page = Page(found.snapshot, found.next)

    @rule(
        types=samples.type_lists(),
        where=st.lists(samples.clauses(), max_size=2),
        visibility=samples.matches(),
        steps=st.lists(STEPS, max_size=2),
    )
    def a_unit_searches(self, types: tuple[str, ...], where: Any, visibility: Any, steps: list[Step]) -> None:
        query = SearchQuery(types, tuple(where), visibility=visibility)

        def run(unit: UnitOfWork) -> Any:
            done = [step(unit) for step in steps]
            return done, unit.search(query)

        self.agree(lambda store: store.transact(run))

    @rule(
        type=st.none() | TYPES,
        id=st.none() | IDS,
        since=TIMES,
        low=TIMES,
        before=st.none() | st.integers(1, 30),
    )
    def a_history_is_read(self, type: Any, id: Any, since: Any, low: Any, before: Any) -> None:
        at = None if low is None else (low, low + 5_000)
        query = HistoryQuery(type, id if type else None, since, at, before, count=3)
        self.agree(lambda store: store.history(query))

    @rule(type=TYPES, id=IDS, version=st.integers(0, 5))
    def versions_are_read(self, type: str, id: str, version: int) -> None:
        self.agree(lambda store: (store.read(type, id), store.read_version(type, id, version)))

    @rule(
        given=samples.matches(),
        source=TYPES,
        parameter=st.sampled_from(["subject", "focus", "*"]),
        of_type=st.none() | TYPES,
        reverse=st.booleans(),
        limit=st.integers(1, 3),
    )
    def resources_are_included(
        self, given: Any, source: str, parameter: str, of_type: Any, reverse: bool, limit: int
    ) -> None:
        include = Include(source, parameter, of_type, reverse)

        def run(store: Store) -> Any:
            found = store.search(SearchQuery((), (given,)))
            return store.included(found.matches, include, limit)

        self.agree(run)

    @rule(
        entries=samples.entries(),
        parameters=st.none() | st.frozensets(st.sampled_from(["code", "name", "subject", "date"])),
        undone=st.booleans(),
    )
    def everything_is_indexed_anew(self, entries: Entries, parameters: Any, undone: bool) -> None:
        def run(unit: UnitOfWork) -> list[bool]:
            found = unit.search(SearchQuery(())).matches
            indexed = [unit.replace_entries(version, entries, parameters) for version in found]
            if undone:
                raise Undone
            return indexed

        self.agree(lambda store: store.transact(run))

    @rule(after=st.integers(0, 20), types=samples.type_lists())
    def changes_are_followed(self, after: int, types: tuple[str, ...]) -> None:
        self.agree(lambda store: store.changes(after, 4, types))

    @invariant()
    def the_clocks_agree(self) -> None:
        self.agree(lambda store: (store.watermark(), store.count()))


TestHistories = Histories.TestCase
TestHistories.settings = settings(stateful_step_count=30)
