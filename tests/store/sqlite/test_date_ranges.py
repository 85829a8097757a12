"""Dates between two times, where no resource has two dates: found and sorted as by the reference store."""

from collections.abc import Sequence
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.resource import draft
from fhir_server.search.ast import DateValue, Match, Page, Prefix, SearchQuery, Sort
from fhir_server.search.entries import DateEntry, Entries
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore
from fhir_server.store.sqlite.date_ranges import DAY

# Around a day, since that is what tells long dates from the others.
TIMES = st.sampled_from([number * DAY // 2 + shift for number in range(9) for shift in (-1, 0, 1)])
LENGTHS = st.sampled_from([1, DAY // 2, DAY - 1, DAY, DAY + 1, 2 * DAY, 5 * DAY])
SPANS = st.tuples(TIMES, LENGTHS).map(lambda span: (span[0], span[0] + span[1]))
PREFIXES = st.sampled_from(get_args(Prefix))
SIZE = 60


def filled(store: Store, spans: Sequence[tuple[int, int] | None]) -> Store:
    with store.group():
        for number, span in enumerate(spans):
            entries = Entries(dates=[DateEntry("date", *span)] if span else [])
            prepared = draft({"resourceType": "Basic"}, str(number))
            store.transact(lambda unit, one=prepared, found=entries: unit.put(one, found, "PUT"))  # type: ignore[misc]
    return store


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> list[Store]:
    """Dates of all lengths at all times, and some resources without one."""
    path: Path = tmp_path_factory.mktemp("date_ranges") / "store.sqlite"
    lengths = (1, DAY - 1, DAY, DAY + 1, 3 * DAY)
    spans = [
        None if number % 11 == 0 else (start, start + lengths[number % len(lengths)])
        for number in range(SIZE)
        for start in (number * 7 % 24 * DAY // 6,)
    ]
    return [filled(MemoryStore(), spans), filled(SqliteStore(path), spans)]


def bound(value: tuple[Prefix, tuple[int, int]]) -> Match:
    prefix, (low, high) = value
    return Match("date", "date", (DateValue(prefix, low, high),), single=True)


BOUNDS = st.lists(st.tuples(PREFIXES, SPANS).map(bound), min_size=1, max_size=3).map(tuple)
SORTS = st.sampled_from(
    [(), *((Sort("date", "date", descending, single=True),) for descending in (False, True))]
)


def pages(store: Store, query: SearchQuery) -> list[str]:
    """The matches of all pages, one after the other."""
    found: list[str] = []
    page = None
    while True:
        result = store.search(SearchQuery(query.types, query.where, query.sort, count=3, page=page))
        found += [match.id for match in result.matches]
        if result.next is None:
            return found
        page = Page(result.snapshot, result.next)


@pytest.mark.parametrize("few", [1, 10_000], ids=["in order", "sorted"])
@given(where=BOUNDS, sort=SORTS)
def test_date_ranges_hold_what_the_reference_store_finds(
    stores: list[Store], few: int, where: tuple[Match, ...], sort: tuple[Sort, ...]
) -> None:
    query = SearchQuery(("Basic",), where, sort)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_server.store.sqlite.search.SORTED_MAX", few)
        patch.setattr("fhir_server.store.sqlite.plan.FIRST_ROWS", min(few, 3))
        patch.setattr("fhir_server.store.sqlite.row_sources.FEW", few)
        expected, found = (pages(store, query) for store in stores)
    assert found == expected


def test_both_ends_are_sought(stores: list[Store]) -> None:
    where = (bound(("ge", (DAY, DAY + 1))), bound(("lt", (2 * DAY, 2 * DAY + 1))))

    plan = "\n".join(stores[1].explain(SearchQuery(("Basic",), where)).steps)

    assert "SEARCH d USING PRIMARY KEY (parameter=? AND low>? AND low<?)" in plan
    assert "date_long (parameter=? AND low<?)" in plan


@pytest.mark.parametrize(("descending", "step"), [(False, "low>? AND low<?"), (True, "high>? AND high<?")])
def test_sorted_pages_begin_where_the_date_range_does(
    stores: list[Store], monkeypatch: pytest.MonkeyPatch, descending: bool, step: str
) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.search.SORTED_MAX", 1)
    where = (bound(("ge", (DAY, DAY + 1))), bound(("lt", (2 * DAY, 2 * DAY + 1))))
    sort = (Sort("date", "date", descending, single=True),)

    plan = "\n".join(stores[1].explain(SearchQuery(("Basic",), where, sort)).steps)

    assert f"(parameter=? AND {step})" in plan
    assert "d USING COVERING INDEX date_key" not in plan
