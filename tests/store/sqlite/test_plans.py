"""No statement of a search scans a whole table if an index can serve."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_server.core.resource import draft
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Include,
    Match,
    MissingValue,
    NumberValue,
    Page,
    QuantityValue,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
    UriValue,
)
from fhir_server.search.entries import (
    CompositeEntry,
    DateEntry,
    Entries,
    NumberEntry,
    QuantityEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
)
from fhir_server.store.port import HistoryQuery
from fhir_server.store.sqlite import SqliteStore
from tests.store.samples import identified, person, put
from tests.store.sqlite.statements import statements_run

NUMBER = NumberValue("eq", Decimal(5), Decimal("4.5"), Decimal("5.5"))
ABOVE = NumberValue("gt", Decimal(5), Decimal("4.5"), Decimal("5.5"))

IDENTIFIER = Match("identifier", "token", (TokenValue("urn:mrn", "1"),))
GENDER = Match("gender", "token", (TokenValue(None, "female"),))
NAME = Match("name", "string", (StringValue("du", "Du"),))
SUBJECT = Match("subject", "reference", (ReferenceValue("Patient", "1"),))
SINCE = Match("date", "date", (DateValue("ge", 10, 20),))
CODE_ABOVE = Match(
    "code-value",
    "composite",
    (CompositeValue((TokenValue(None, "a"), QuantityValue(ABOVE, None, None))),),
    component_types=("token", "quantity"),
)

CRITERIA: dict[str, tuple[Clause, ...]] = {
    "nothing": (),
    "token with system": (IDENTIFIER,),
    "token without system": (GENDER,),
    "several tokens": (Match("gender", "token", (TokenValue(None, "a"), TokenValue("urn:s", "b"))),),
    "string prefix": (NAME,),
    "string exactly": (Match("name", "string", (StringValue("du", "Du"),), "exact"),),
    "string within": (Match("name", "string", (StringValue("du", "Du"),), "contains"),),
    "reference": (SUBJECT,),
    "reference by id alone": (Match("subject", "reference", (ReferenceValue(None, "1"),)),),
    **{
        f"date {prefix}": (Match("date", "date", (DateValue(prefix, 10, 20),)),)
        for prefix in ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")
    },
    "number": (Match("length", "number", (NUMBER,)),),
    "quantity": (Match("value", "quantity", (QuantityValue(NUMBER, "urn:ucum", "mg"),)),),
    "quantity above": (Match("value", "quantity", (QuantityValue(ABOVE, None, None),)),),
    "uri": (Match("url", "uri", (UriValue("http://x"),)),),
    "composite": (CODE_ABOVE,),
    "_id": (Match("_id", "token", (TokenValue(None, "1"),)),),
    "_lastUpdated": (Match("_lastUpdated", "date", (DateValue("ge", 10, 20),)),),
    "missing": (Match("gender", "token", (MissingValue(True),), "missing"),),
    "not": (Match("gender", "token", (TokenValue(None, "female"),), "not"),),
    "token and string": (GENDER, NAME),
    "reference and date": (SUBJECT, SINCE),
    "chain": (Chain("subject", ("Patient",), IDENTIFIER),),
    "chain and token": (GENDER, Chain("subject", ("Patient",), NAME)),
    "reverse chain": (Has("Patient", "subject", IDENTIFIER),),
    "reverse chain and token": (GENDER, Has("Patient", "subject", SINCE)),
    "alternatives": (AnyOf((IDENTIFIER, NAME)),),
}

SORTS = {
    "by age": (),
    "by change": (Sort("_lastUpdated", "date", True),),
    "by date": (Sort("date", "date", True),),
}


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plans") / "store.sqlite"


@pytest.fixture(scope="module")
def statements() -> Iterator[list[str]]:
    with statements_run() as ran:
        yield ran


@pytest.fixture(scope="module")
def store(path: Path, statements: list[str]) -> Iterator[SqliteStore]:
    opened = SqliteStore(path)
    entries = Entries(
        strings=[StringEntry("name", "du", "Du")],
        tokens=[TokenEntry("identifier", "urn:mrn", "1"), TokenEntry("gender", "urn:s", "female")],
        references=[ReferenceEntry("subject", "Patient", "1", "")],
        dates=[DateEntry("date", 12, 13)],
        numbers=[NumberEntry("length", "2b15", "2b15")],
        quantities=[QuantityEntry("value", "urn:ucum", "mg", "mg", "2b15", "2b15")],
        uris=[UriEntry("url", "http://x")],
        composites=[
            CompositeEntry(
                "code-value",
                (TokenEntry("c", "urn:s", "a"), QuantityEntry("v", "urn:ucum", "mg", "mg", "2b16", "2b16")),
            )
        ],
    )
    with opened.group():
        for number in range(300):
            sample = draft({"resourceType": "Patient"}, str(number))
            put(opened, (sample, entries))
    while opened.do_deferred_work():
        pass
    assert statements
    yield opened
    opened.close()


class Plans:
    """The statements that the store runs, and how SQLite runs them."""

    def __init__(self, connection: sqlite3.Connection, statements: list[str]) -> None:
        self._connection = connection
        self._statements = statements

    def steps(self) -> list[list[str]]:
        """The steps of each statement."""
        statements = list(self._statements)
        explained = (self._connection.execute(f"EXPLAIN QUERY PLAN {text}") for text in statements)
        return [[row[3] for row in rows] for rows in explained]

    def scans(self) -> list[list[str]]:
        """The plans in which a table is read from end to end, and not only the rows of a subquery."""
        return [steps for steps in self.steps() if any(_is_scan(step, steps) for step in steps)]


def _is_scan(step: str, steps: list[str]) -> bool:
    verb, _, name = step.partition(" ")
    subquery = {f"CO-ROUTINE {name}", f"MATERIALIZE {name}"}.intersection(steps)
    return verb == "SCAN" and not subquery and name != "CONSTANT ROW"


@pytest.fixture
def plans(path: Path, statements: list[str]) -> Iterator[Plans]:
    statements.clear()
    with closing(sqlite3.connect(path)) as connection:
        yield Plans(connection, statements)


@pytest.mark.parametrize("few", [1, 1000], ids=["many", "few"])
@pytest.mark.parametrize("sort", list(SORTS))
@pytest.mark.parametrize("criteria", list(CRITERIA))
def test_searches_scan_no_table(
    store: SqliteStore, plans: Plans, criteria: str, sort: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.row_sources.FEW", few)
    monkeypatch.setattr("fhir_server.store.sqlite.search.SORTED_MAX", few)
    monkeypatch.setattr("fhir_server.store.sqlite.plan.FIRST_ROWS", few)
    query = SearchQuery(("Patient",), CRITERIA[criteria], SORTS[sort], count=5)
    found = store.search(query)
    if found.next:
        store.search(SearchQuery(("Patient",), CRITERIA[criteria], SORTS[sort], page=Page(300, found.next)))
    assert plans.scans() == []


@pytest.mark.parametrize("reverse", [False, True])
def test_includes_scan_no_table(store: SqliteStore, plans: Plans, reverse: bool) -> None:
    found = store.search(SearchQuery(("Patient",), (IDENTIFIER,), count=5)).matches
    store.included(found, Include("Patient", "subject", reverse=reverse), 10)
    store.included(found, Include("Patient", "*", "Patient", reverse=reverse), 10)
    assert plans.scans() == []


def test_reads_histories_and_changes_scan_no_table(store: SqliteStore, plans: Plans) -> None:
    store.read("Patient", "1")
    store.read_version("Patient", "1", 1)
    for type, id in ((None, None), ("Patient", None), ("Patient", "1")):
        store.history(HistoryQuery(type, id, since=5, before=200))
    store.changes(100, 10, ("Patient", "Basic"))
    store.changes(100, 10)
    store.watermark()
    assert plans.scans() == []


@pytest.mark.parametrize("criteria", ["nothing", "token with system", "token without system"])
def test_matches_of_one_index_need_no_sorting_for_their_page(
    store: SqliteStore, plans: Plans, criteria: str
) -> None:
    store.search(SearchQuery(("Patient",), CRITERIA[criteria], count=5, total="none"))
    sorting = [step for steps in plans.steps() for step in steps if "TEMP B-TREE" in step]
    assert sorting == []


@pytest.mark.parametrize("criteria", ["nothing", "token without system"])
@pytest.mark.parametrize(
    ("sort", "sorting"), [("by change", ["USE TEMP B-TREE FOR RIGHT PART OF ORDER BY"]), ("by date", [])]
)
def test_many_matches_are_read_in_the_order_wanted(
    store: SqliteStore,
    plans: Plans,
    criteria: str,
    sort: str,
    sorting: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Only equal values are sorted among themselves; not even equal dates where the latest come first."""
    monkeypatch.setattr("fhir_server.store.sqlite.search.SORTED_MAX", 10)
    store.search(SearchQuery(("Patient",), CRITERIA[criteria], SORTS[sort], count=5, total="none"))
    assert [step for steps in plans.steps() for step in steps if "TEMP B-TREE" in step] == sorting


def test_an_explanation_names_the_clause_that_drives(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path / "store.sqlite")
    for number in range(3):
        put(store, person(f"p{number}", code=str(number)))
    contains = Match("family", "string", (StringValue("art", "art"),), "contains")
    found = store.explain(SearchQuery(("Patient",), (contains, AllOf((contains, identified("1"))))))
    assert [use.drives for use in found.clauses] == [False, True]
    assert any("code=?" in step for step in found.steps)
    walked = store.explain(SearchQuery(("Patient",), (contains,)))
    assert [use.drives for use in walked.clauses] == [False]
    store.close()
