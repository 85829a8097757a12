"""Range searches seek in an index, from both ends if there are two.

https://www.sqlite.org/eqp.html
"""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_server.core.decimal import sort_key
from fhir_server.core.resource import draft
from fhir_server.search.ast import Clause, DateValue, Match, NumberValue, Prefix, QuantityValue, SearchQuery
from fhir_server.search.entries import Entries, QuantityEntry
from fhir_server.store.sqlite import SqliteStore

WEIGHTS = {"light": (50, 50), "heavy": (90, 90), "light to heavy": (40, 95), "heavy to heavier": (91, 99)}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    path: Path = tmp_path_factory.mktemp("seeks") / "store.sqlite"
    opened = SqliteStore(path)
    for name, ends in WEIGHTS.items():
        low, high = (sort_key(Decimal(end)) for end in ends)
        id = name.replace(" ", "-")
        found = Entries(quantities=[QuantityEntry("weight", "", "kg", "kg", low, high)])
        prepared = draft({"resourceType": "Basic"}, id)
        opened.transact(lambda unit, prepared=prepared, found=found: unit.put(prepared, found, "PUT"))  # type: ignore[misc]
    yield opened
    opened.close()


def weight(prefix: Prefix, number: str, system: str | None = None) -> Match:
    value = NumberValue(prefix, Decimal(number), Decimal(number) - 1, Decimal(number) + 1)
    return Match("weight", "quantity", (QuantityValue(value, system, "kg"),))


def steps(store: SqliteStore, *where: Clause) -> str:
    return "\n".join(store.explain(SearchQuery(("Basic",), where)).steps)


@pytest.mark.parametrize("prefix", ["gt", "ge", "ap"])
def test_points_are_sought_by_where_they_lie_and_only_intervals_by_where_they_end(
    store: SqliteStore, prefix: Prefix
) -> None:
    plan = steps(store, weight(prefix, "80"))

    assert "SEARCH d USING PRIMARY KEY (parameter=? AND low>" in plan
    assert "quantity_interval (parameter=? AND high>" in plan


def test_what_ends_below_is_sought_by_where_it_begins(store: SqliteStore) -> None:
    assert "SEARCH d USING PRIMARY KEY (parameter=? AND low<?)" in steps(store, weight("eb", "80"))


@pytest.mark.parametrize(
    ("prefix", "number", "found"),
    [
        ("gt", "90", ["light-to-heavy", "heavy-to-heavier"]),
        ("ge", "90", ["heavy", "light-to-heavy", "heavy-to-heavier"]),
        ("sa", "90", ["heavy-to-heavier"]),
        ("eb", "91", ["light", "heavy"]),
        ("ap", "96", ["light-to-heavy", "heavy-to-heavier"]),
        ("lt", "50", ["light-to-heavy"]),
    ],
)
def test_both_are_found(store: SqliteStore, prefix: Prefix, number: str, found: list[str]) -> None:
    matches = store.search(SearchQuery(("Basic",), (weight(prefix, number),))).matches

    assert [match.id for match in matches] == found


@pytest.mark.parametrize(
    ("least", "read_by"),
    [
        ("1", "COVERING INDEX quantity_unit (parameter=? AND code=?)"),
        ("299", "COVERING INDEX quantity_in_unit (parameter=? AND code=? AND low>"),
    ],
)
def test_many_of_one_unit_are_read_in_the_order_of_resources_and_few_by_value(
    store: SqliteStore, least: str, read_by: str
) -> None:
    lows = [sort_key(Decimal(number)) for number in range(301)]
    for id in "abc":
        entries = Entries(quantities=[QuantityEntry("weight", "", "kg", "kg", low, low) for low in lows])
        flag = draft({"resourceType": "Flag"}, id)
        store.transact(lambda unit, flag=flag, entries=entries: unit.put(flag, entries, "PUT"))  # type: ignore[misc]
    query = SearchQuery(("Flag",), (weight("gt", least, ""),))

    assert f"SEARCH d USING {read_by}" in "\n".join(store.explain(query).steps)
    assert [match.id for match in store.search(query).matches] == ["a", "b", "c"]


def test_what_was_written_between_two_times_is_sought_from_both_ends(store: SqliteStore) -> None:
    since = Match("_lastUpdated", "date", (DateValue("ge", 10, 20),))
    until = Match("_lastUpdated", "date", (DateValue("lt", 1 << 60, 1 << 61),))

    plan = steps(store, since, until)

    assert "USING INDEX resources_updated (type=? AND last_updated>? AND last_updated<?)" in plan
    found = store.search(SearchQuery(("Basic",), (since, until))).matches
    assert len(found) == len(WEIGHTS)
