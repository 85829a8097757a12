"""The contract of every backend for searches: pages, totals, order, includes, visibility."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec import structs

from fhir_server.core.decimal import sort_key
from fhir_server.core.resource import draft
from fhir_server.search.ast import (
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Include,
    Match,
    MissingValue,
    Not,
    NumberValue,
    Page,
    ParameterType,
    QuantityValue,
    ReferenceValue,
    SearchQuery,
    Sort,
    StringValue,
    TokenValue,
)
from fhir_server.search.entries import (
    CompositeEntry,
    DateEntry,
    Entries,
    QuantityEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
)
from fhir_server.store.port import Store
from tests.store.conftest import TESTED, opened_store
from tests.store.samples import identified, person, put, references, referring


@pytest.fixture(params=[*TESTED, "indexed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """MongoDB with and without indexes."""
    opened = opened_store(request.param, tmp_path)
    yield opened
    opened.close()


def ids(store: Store, *where: Clause, types: tuple[str, ...] = ("Patient",)) -> list[str]:
    return [match.id for match in store.search(SearchQuery(types, where)).matches]


def text(value: str, modifier: str | None = None) -> Match:
    return Match("family", "string", (StringValue(value.lower(), value),), modifier)


@pytest.fixture
def people(store: Store) -> Store:
    for id, family in (("a", "Dupont"), ("b", "DUPOND"), ("c", "Martin"), ("d", "Du Pré")):
        put(store, person(id, code=id, family=family))
    return store


def test_strings_match_by_their_beginning_exactly_or_anywhere(people: Store) -> None:
    assert ids(people, text("dupon")) == ["a", "b"]
    assert ids(people, text("Dupont", "exact")) == ["a"]
    assert ids(people, text("dupont", "exact")) == []
    assert ids(people, text("p", "contains")) == ["a", "b", "d"]
    assert ids(people, text("%")) == []
    assert ids(people, text("")) == ["a", "b", "c", "d"]


def test_tokens_match_by_system_and_code(people: Store) -> None:
    def token(system: str | None, code: str | None, modifier: str | None = None) -> list[str]:
        return ids(people, Match("identifier", "token", (TokenValue(system, code),), modifier))

    assert token(None, "a") == ["a"]
    assert token("urn:mrn", "a") == ["a"]
    assert token("", "a") == []
    assert token("urn:other", "a") == []
    assert token("urn:mrn", None) == ["a", "b", "c", "d"]
    assert token(None, "a", "not") == ["b", "c", "d"]


def test_several_values_are_alternatives_and_several_criteria_are_joined(people: Store) -> None:
    either = Match(
        "identifier", "token", (TokenValue(None, "c"), TokenValue(None, "a"), TokenValue(None, "b"))
    )
    assert ids(people, either) == ["a", "b", "c"]
    assert ids(people, either, text("dup")) == ["a", "b"]
    assert ids(people, Not(either)) == ["d"]
    assert ids(people, AnyOf((text("martin"), identified("d")))) == ["c", "d"]


def test_a_thousand_values_are_understood(people: Store) -> None:
    values = tuple(TokenValue("urn:mrn", f"x{number}") for number in range(999))
    many = Match("identifier", "token", (*values, TokenValue("urn:mrn", "c")))
    assert ids(people, many) == ["c"]
    texts = tuple(StringValue(f"x{number}", "") for number in range(999))
    assert ids(people, Match("family", "string", (*texts, StringValue("mar", "mar")))) == ["c"]
    assert ids(people, *[text("martin")] * 200) == ["c"]


def test_missing_finds_resources_with_or_without_a_value(people: Store) -> None:
    put(people, (draft({"resourceType": "Patient"}, "e"), Entries()))

    def missing(*values: bool) -> list[str]:
        return ids(people, Match("family", "string", tuple(map(MissingValue, values)), "missing"))

    assert missing(True) == ["e"]
    assert missing(False) == ["a", "b", "c", "d"]
    assert missing(True, False) == ["a", "b", "c", "d", "e"]


def test_an_update_changes_what_a_resource_is_found_by(people: Store) -> None:
    put(people, person("a", code="new", family="Durand"))
    people.transact(lambda unit: unit.delete("Patient", "b"))
    assert ids(people, text("dupon")) == []
    assert ids(people, identified("a")) == []
    assert ids(people, identified("new"), text("durand")) == ["a"]
    assert ids(people) == ["a", "c", "d"]


@pytest.mark.parametrize(
    ("prefix", "expected"),
    [
        ("eq", ["in"]),
        ("ne", ["before", "over", "after", "around"]),
        ("gt", ["over", "after", "around"]),
        ("lt", ["before", "around"]),
        ("ge", ["in", "over", "after", "around"]),
        ("le", ["before", "in", "around"]),
        ("sa", ["after"]),
        ("eb", ["before"]),
        ("ap", ["in", "over", "around"]),
    ],
)
def test_dates_against_the_period_from_10_to_20(store: Store, prefix: str, expected: list[str]) -> None:
    periods = {"before": (5, 10), "in": (10, 20), "over": (15, 25), "after": (20, 30), "around": (5, 25)}
    for id, period in periods.items():
        put(store, (draft({"resourceType": "Encounter"}, id), Entries(dates=[DateEntry("date", *period)])))
    value = DateValue(prefix, 10, 20)  # type: ignore[arg-type]
    assert ids(store, Match("date", "date", (value,)), types=("Encounter",)) == expected


def test_one_of_several_dates_is_enough(store: Store) -> None:
    entries = Entries(dates=[DateEntry("date", 1, 2), DateEntry("date", 5, 6)])
    put(store, (draft({"resourceType": "Encounter"}, "x"), entries))

    def at(prefix: str, low: int) -> Match:
        return Match("date", "date", (DateValue(prefix, low, low + 1),))  # type: ignore[arg-type]

    assert ids(store, at("eq", 5), types=("Encounter",)) == ["x"]
    assert ids(store, at("ne", 5), types=("Encounter",)) == ["x"]
    assert ids(store, at("eq", 3), types=("Encounter",)) == []


def test_a_composite_holds_for_one_combination(store: Store) -> None:
    def reading(code: str, value: str) -> CompositeEntry:
        quantity = QuantityEntry("q", "urn:ucum", "mm", "mm", f"2b{value}", f"2b{value}")
        return CompositeEntry("code-value", (TokenEntry("c", "urn:l", code), quantity))

    entries = Entries(composites=[reading("systolic", "4"), reading("diastolic", "8")])
    put(store, (draft({"resourceType": "Observation"}, "x"), entries))

    def asked(code: str, prefix: str, value: str) -> list[str]:
        number = NumberValue(prefix, Decimal(value), Decimal(value), Decimal(value))  # type: ignore[arg-type]
        parts = CompositeValue((TokenValue("urn:l", code), QuantityValue(number, "urn:ucum", "mm")))
        match = Match("code-value", "composite", (parts,), component_types=("token", "quantity"))
        return ids(store, match, types=("Observation",))

    assert asked("systolic", "gt", "10") == ["x"]
    assert asked("systolic", "lt", "1") == []
    assert asked("other", "gt", "10") == []


def test_a_quantity_within_a_composite_is_found_in_its_base_unit(store: Store) -> None:
    half, kilos = sort_key(Decimal("0.5")), sort_key(Decimal(500))
    weight = QuantityEntry("q", "urn:ucum", "kg", "kg", half, half, "g", kilos, kilos)
    plain = QuantityEntry("q", "urn:ucum", "kg", "kg", half, half)
    for id, quantity in (("converted", weight), ("plain", plain)):
        composite = CompositeEntry("code-value", (TokenEntry("c", "urn:l", "weight"), quantity))
        put(store, (draft({"resourceType": "Observation"}, id), Entries(composites=[composite])))

    def asked(value: str, unit: str, base: bool) -> list[str]:
        number = NumberValue("eq", Decimal(value), Decimal(value), Decimal(value) + 1)
        quantity = QuantityValue(number, "urn:ucum", unit, base)
        parts = CompositeValue((TokenValue("urn:l", "weight"), quantity))
        match = Match("code-value", "composite", (parts,), component_types=("token", "quantity"))
        return ids(store, match, types=("Observation",))

    assert asked("0.5", "kg", False) == ["converted", "plain"]
    assert asked("500", "g", True) == ["converted"]
    assert asked("500", "kg", True) == []
    assert asked("500", "g", False) == []


def test_references_of_every_form(store: Store) -> None:
    put(store, referring("o1", "Patient/1"))
    put(store, referring("o2", "Group/1"))
    outside = Entries(references=[ReferenceEntry("subject", "", "http://x/Patient/1", "2")])
    put(store, (draft({"resourceType": "Observation"}, "o3"), outside))

    def asked(type: str | None, target: str, version: str | None = None) -> list[str]:
        match = Match("subject", "reference", (ReferenceValue(type, target, version),))
        return ids(store, match, types=("Observation",))

    assert asked(None, "1") == ["o1", "o2"]
    assert asked("Patient", "1") == ["o1"]
    assert asked("", "http://x/Patient/1") == ["o3"]
    assert asked("", "http://x/Patient/1", "2") == ["o3"]
    assert asked("", "http://x/Patient/1", "3") == []


def test_own_parameters_and_types(people: Store) -> None:
    put(people, person("a", type="Basic"))
    by_id = Match("_id", "token", (TokenValue(None, "a"),))
    assert ids(people, by_id) == ["a"]
    assert references(people.search(SearchQuery((), (by_id,))).matches) == ["Patient/a", "Basic/a"]
    assert references(people.search(SearchQuery(("Basic", "Patient"), (by_id,))).matches) == [
        "Patient/a",
        "Basic/a",
    ]
    assert references(people.search(SearchQuery(("Basic", "Group"))).matches) == ["Basic/a"]
    latest = people.search(SearchQuery(())).matches[-1].last_updated
    since = Match("_lastUpdated", "date", (DateValue("ge", latest, latest + 1000),))
    assert "Basic/a" in references(people.search(SearchQuery((), (since,))).matches)
    after = Match("_lastUpdated", "date", (DateValue("sa", latest, latest + 1000),))
    assert people.search(SearchQuery((), (after,))).matches == ()


def test_chains_and_reverse_chains(people: Store) -> None:
    put(people, referring("o1", "Patient/a"))
    put(people, referring("o2", "Patient/c"))
    put(people, referring("o3", "Patient/nobody"))
    put(people, referring("p1", "Observation/o1", type="Provenance"))
    of_dupont = Chain("subject", ("Patient", "Group"), text("dup"))
    assert ids(people, of_dupont, types=("Observation",)) == ["o1"]
    assert ids(people, Chain("subject", ("Group",), text("dup")), types=("Observation",)) == []
    assert ids(people, Chain("subject", ("Observation",), of_dupont), types=("Provenance",)) == ["p1"]
    by_id = Match("_id", "token", (TokenValue(None, "o2"),))
    assert ids(people, Has("Observation", "subject", by_id)) == ["c"]
    of_provenance = Has("Provenance", "subject", Match("_id", "token", (TokenValue(None, "p1"),)))
    assert ids(people, Has("Observation", "subject", of_provenance)) == ["a"]
    people.transact(lambda unit: unit.delete("Patient", "a"))
    assert ids(people, of_dupont, types=("Observation",)) == []


def test_pages_by_first_sequence(store: Store) -> None:
    for number in range(7):
        put(store, person(str(number)))
    first = store.search(SearchQuery(("Patient",), count=3))
    assert ([m.id for m in first.matches], first.total, first.snapshot) == (["0", "1", "2"], 7, 7)
    put(store, person("4", family="Changed"))
    put(store, person("later"))
    assert first.next is not None
    second = store.search(SearchQuery(("Patient",), count=3, page=Page(first.snapshot, first.next)))
    assert ([m.id for m in second.matches], second.total) == (["3", "4", "5"], 7)
    assert second.next is not None
    last = store.search(SearchQuery(("Patient",), count=3, page=Page(second.snapshot, second.next)))
    assert ([m.id for m in last.matches], last.next, last.total) == (["6"], None, 7)


def test_counts_and_totals(people: Store) -> None:
    assert people.search(SearchQuery(("Patient",), total="none")).total is None
    assert people.search(SearchQuery(("Patient",), total="estimate")).total == 4
    nothing = people.search(SearchQuery(("Patient",), count=0))
    assert (nothing.matches, nothing.total, nothing.next) == ((), 4, None)
    assert people.search(SearchQuery(("Patient",), count=4)).next is None
    assert people.search(SearchQuery(("Nothing",))).total == 0


@pytest.mark.parametrize(
    ("count", "total_max", "total"), [(1, 4, 4), (1, 3, None), (0, 3, None), (4, 3, 4), (3, 3, None)]
)
def test_a_bounded_total_is_exact_up_to_its_bound_and_where_the_page_shows_all(
    people: Store, count: int, total_max: int, total: int | None
) -> None:
    query = SearchQuery(("Patient",), count=count, total="bounded", total_max=total_max)
    assert people.search(query).total == total


@pytest.mark.parametrize("descending", [False, True])
def test_sorting_puts_missing_values_last_and_pages_through_them(store: Store, descending: bool) -> None:
    families: dict[str, list[str]] = {"a": ["m"], "b": [], "c": ["z", "a"], "d": ["m"], "e": [], "f": ["b"]}
    for id, names in families.items():
        entries = Entries(strings=[StringEntry("family", name, name) for name in names])
        put(store, (draft({"resourceType": "Patient"}, id), entries))
    expected = ["c", "a", "d", "f", "b", "e"] if descending else ["c", "f", "a", "d", "b", "e"]
    seen: list[str] = []
    page = None
    while True:
        query = SearchQuery(("Patient",), sort=(Sort("family", "string", descending),), count=1, page=page)
        found = store.search(query)
        seen += [match.id for match in found.matches]
        if found.next is None:
            break
        page = Page(found.snapshot, found.next)
    assert seen == expected


def test_sorting_by_several_keys(people: Store) -> None:
    put(people, person("0", code="z", family="Martin"))
    query = SearchQuery(("Patient",), sort=(Sort("family", "string", True), Sort("_id", "token")))
    assert [match.id for match in people.search(query).matches] == ["0", "c", "a", "b", "d"]
    newest = SearchQuery(("Patient",), sort=(Sort("_lastUpdated", "date", True), Sort("_id", "token")))
    times = [match.last_updated for match in people.search(newest).matches]
    assert times == sorted(times, reverse=True)


@pytest.mark.parametrize("type", ["token", "uri"])
def test_sorting_by_codes_and_urls_of_any_characters(store: Store, type: ParameterType) -> None:
    texts = [
        "\x01",
        "\x02",
        "\x02\x03",
        "\x02\x04",
        "\x03",
        "$x",
        "a",
        "a\x01",
        "a\x02b",
        "a|b",
        "é",
        "\U0001f600",
    ]
    for number, text in enumerate(texts):
        entries = Entries(tokens=[TokenEntry("key", "urn:s", text)], uris=[UriEntry("key", text)])
        put(store, (draft({"resourceType": "Basic"}, str(number)), entries))
    order = [str(number) for number in range(len(texts))]
    for descending in (False, True):
        query = SearchQuery(("Basic",), sort=(Sort("key", type, descending),), count=1)
        seen = [result := store.search(query)]
        while result.next is not None:
            page = Page(result.snapshot, result.next)
            seen.append(result := store.search(structs.replace(query, page=page)))
        assert [one.id for result in seen for one in result.matches] == order[:: -1 if descending else 1]


def test_includes_follow_references_forwards_and_backwards(people: Store) -> None:
    put(people, referring("o1", "Patient/a"))
    put(people, referring("o2", "Patient/a"))
    put(people, referring("o3", "Patient/c"))
    put(people, referring("o4", "Basic/none"))
    observations = people.search(SearchQuery(("Observation",))).matches
    patients = people.search(SearchQuery(("Patient",))).matches

    def included(given: object, include: Include, limit: int = 10) -> list[str]:
        return references(people.included(given, include, limit))  # type: ignore[arg-type]

    assert included(observations, Include("Observation", "subject")) == ["Patient/a", "Patient/c"]
    assert included(observations, Include("Observation", "*")) == ["Patient/a", "Patient/c"]
    assert included(observations, Include("Observation", "subject", "Group")) == []
    assert included(observations, Include("Observation", "focus")) == []
    assert included(observations, Include("Encounter", "subject")) == []
    assert included(observations, Include("Observation", "subject"), limit=1) == ["Patient/a"]
    back = Include("Observation", "subject", reverse=True)
    assert included(patients, Include("Observation", "focus", reverse=True)) == []
    assert included(patients[:1], back) == ["Observation/o1", "Observation/o2"]
    assert included(patients, Include("Observation", "*", "Patient", reverse=True), 2) == [
        "Observation/o1",
        "Observation/o2",
    ]
    assert included(observations, Include("*", "*")) == ["Patient/a", "Patient/c"]
    assert included(patients[:1], Include("*", "*", reverse=True)) == ["Observation/o1", "Observation/o2"]
    people.transact(lambda unit: unit.delete("Observation", "o1"))
    assert included(patients[:1], back) == ["Observation/o2"]
    people.transact(lambda unit: unit.delete("Patient", "a"))
    assert included(observations[1:], Include("Observation", "subject")) == ["Patient/c"]


def test_visibility_holds_at_every_hop(people: Store) -> None:
    put(people, referring("o1", "Patient/a"))
    put(people, referring("o2", "Patient/c"))
    visible = Not(text("martin"))
    chain = Chain(
        "subject", ("Patient",), Match("_id", "token", (TokenValue(None, "c"), TokenValue(None, "a")))
    )
    query = SearchQuery(("Observation",), (chain,), visibility=visible)
    assert references(people.search(query).matches) == ["Observation/o1"]
    everyone = people.search(SearchQuery(("Patient",), visibility=visible))
    assert ([m.id for m in everyone.matches], everyone.total) == (["a", "b", "d"], 3)
    hidden = Not(Match("_id", "token", (TokenValue(None, "o1"),)))
    reverse = Has("Observation", "subject", Match("never", "token", (MissingValue(True),), "missing"))
    found = people.search(SearchQuery(("Patient",), (reverse,), visibility=hidden))
    assert [match.id for match in found.matches] == ["c"]


def test_an_explanation_counts_clause_by_clause(store: Store) -> None:
    for number in range(10):
        put(store, person(f"p{number}", code=str(number % 2), family="Martin" if number < 7 else "Durand"))
    put(store, person("other", type="Observation"))
    store.transact(lambda unit: unit.delete("Patient", "p0"))
    family = Match("family", "string", (StringValue("martin", "martin"),))
    found = store.explain(SearchQuery(("Patient",), (identified("1"), family, identified("0"))))
    assert found.searched == 9
    assert [(use.alone, use.left) for use in found.clauses] == [(5, 5), (6, 3), (4, 0)]
    assert found.steps
    assert store.explain(SearchQuery(())).searched == 10
    assert store.explain(SearchQuery(("Basic",), (family,))).clauses[0].alone == 0


def test_an_explanation_keeps_to_what_may_be_seen(store: Store) -> None:
    put(store, person("a", code="1"))
    put(store, person("b", code="2"))
    found = store.explain(SearchQuery(("Patient",), (identified("2"),), visibility=identified("1")))
    assert (found.searched, found.clauses[0].alone) == (1, 0)
