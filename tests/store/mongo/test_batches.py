"""Searches that would list too many resources and are read in batches, and their estimates."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from msgspec import structs

from fhir_server.search.ast import Chain, Has, Match, Page, SearchQuery, Sort, StringValue
from fhir_server.store.mongo import MongoStore
from fhir_server.store.port import UnitOfWork
from tests.mongo.databases import emptied_store
from tests.store.samples import identified, person, put, references, referring

PATIENTS = 7
MARTIN = Match("family", "string", (StringValue("martin", "martin"),))
OF_MARTIN = SearchQuery(("Observation",), (Chain("subject", ("Patient",), MARTIN),))
REFERRED_TO = SearchQuery(("Patient",), (Has("Observation", "subject", identified("1")),))


@pytest.fixture
def store() -> Iterator[MongoStore]:
    """Every Patient has an Observation, the first of the last; each has a time of its own."""
    times = count(1_000_000, 1_000)
    opened = emptied_store(clock=lambda: next(times))
    with opened.group():
        for number in range(PATIENTS):
            put(opened, person(f"p{number}"))
        for number in reversed(range(PATIENTS)):
            sample, entries = referring(f"o{number}", f"Patient/p{number}")
            entries.tokens += person("x")[1].tokens
            put(opened, (sample, entries))
    yield opened
    opened.close()


@pytest.fixture(params=[2, 6, 7])
def listed_max(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of two, a batch and one more, and a list of all."""
    monkeypatch.setattr("fhir_server.store.mongo.reference_resolver.LISTED_MAX", request.param)


def pages(store: MongoStore, query: SearchQuery) -> list[list[str]]:
    """What is on each page."""
    found = [store.search(query)]
    while following := found[-1].next:
        page = Page(found[-1].snapshot, following)
        found.append(store.search(structs.replace(query, page=page)))
    return [[one.id for one in result.matches] for result in found]


@pytest.mark.usefixtures("listed_max")
@pytest.mark.parametrize("query", [OF_MARTIN, REFERRED_TO])
@pytest.mark.parametrize("sort", [(), (Sort("_id", "token"),), (Sort("_lastUpdated", "date", True),)])
def test_all_is_found_once_and_in_order(store: MongoStore, query: SearchQuery, sort: Any) -> None:
    query = structs.replace(query, sort=sort, count=3)
    ((*ids,),) = pages(store, structs.replace(query, where=(), count=PATIENTS))
    assert len(set(ids)) == PATIENTS
    assert pages(store, query) == [ids[:3], ids[3:6], ids[6:]]


@pytest.mark.usefixtures("listed_max")
@pytest.mark.parametrize("query", [OF_MARTIN, REFERRED_TO])
def test_totals_are_exact_up_to_their_bound(store: MongoStore, query: SearchQuery) -> None:
    def total(of: str, count: int = 1, total_max: int = 0) -> int | None:
        asked = structs.replace(query, count=count, total=of, total_max=total_max)
        return store.search(asked).total

    assert [total("exact"), total("exact", 0), total("estimate")] == [PATIENTS] * 3
    assert total("bounded", total_max=PATIENTS) == PATIENTS
    assert [total("bounded", total_max=bound) for bound in (2, PATIENTS - 1)] == [None, None]
    assert total("bounded", PATIENTS, 1) == PATIENTS


@pytest.mark.usefixtures("listed_max")
@pytest.mark.parametrize("query", [OF_MARTIN, REFERRED_TO])
def test_a_unit_finds_what_it_has_written(store: MongoStore, query: SearchQuery) -> None:
    def work(unit: UnitOfWork) -> list[str]:
        unit.put(*person("p3", family="Durand"), "PUT")
        unit.delete("Observation", "o3")
        unit.put(*person("new"), "PUT")
        sample, entries = referring("new", "Patient/new")
        entries.tokens += person("x")[1].tokens
        unit.put(sample, entries, "PUT")
        return references(unit.search(query).matches)

    found = store.transact(work)
    assert len(found) == PATIENTS
    assert found == references(store.search(query).matches)
    assert found[-1] == f"{query.types[0]}/new"
    assert not any(one.endswith("3") for one in found)


def test_many_matches_are_estimated_by_how_close_the_first_ones_lie(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def estimate(type: str) -> int | None:
        return store.search(SearchQuery((type,), count=1, total="estimate")).total

    assert estimate("Patient") == PATIENTS
    monkeypatch.setattr("fhir_server.store.mongo.search.ESTIMATE_MIN", PATIENTS + 1)
    assert estimate("Patient") == PATIENTS
    monkeypatch.setattr("fhir_server.store.mongo.search.ESTIMATE_MIN", 3)
    # Of 14 sequences the first three that are found are the first three, or the eighth to the tenth.
    assert (estimate("Patient"), estimate("Observation"), estimate("Basic")) == (14, 4, 0)
