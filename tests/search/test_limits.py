"""Searches that ask for too much: each a refusal, told at once; and the most that is accepted, which every
backend can answer.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from fhir_server.definitions.registry import Registry
from fhir_server.errors import InvalidSearch
from fhir_server.search.ast import SearchQuery
from fhir_server.search.limits import (
    CHAIN_TARGETS_MAX,
    CONDITIONS_MAX,
    NESTING_MAX,
    STEPS_MAX,
    TERMS_MAX,
    VALUES_MAX,
    Budget,
)
from fhir_server.search.parse import parse
from fhir_server.store.memory import MemoryStore
from fhir_server.store.port import Store
from fhir_server.store.sqlite import SqliteStore
from tests.search.test_cases import Contents, Server
from tests.search.universe import NOW, PARIS

Parameters = Sequence[tuple[str, str]]


def brackets(depth: int, wrap: str = "{}") -> str:
    condition = "name sw a"
    for _ in range(depth):
        condition = wrap.format(f"link:Patient[{condition} and gender eq male].birthdate gt 2000")
    return condition


def turns(count: int) -> str:
    words = (f"gender eq a {'and' if number % 2 else 'or'} " for number in range(count))
    return "".join(words) + "gender eq b"


TOO_MUCH: dict[str, tuple[str, Parameters]] = {
    "clauses": ("Patient", [("name", "a")] * 10_000),
    "values": ("Patient", [("name", ",".join("a" * 10_000))]),
    "values in all": ("Patient", [("name", ",".join("a" * 900))] * 4),
    "characters": ("Patient", [("name", "a" * 200_000)]),
    "characters of a filter": ("Patient", [("_filter", f'name eq "{"a" * 200_000}"')]),
    "steps": ("Patient", [("link.Patient." * 10_000 + "name", "a")]),
    "steps back": ("Patient", [("_has:Patient:link:" * 10_000 + "name", "a")]),
    "ways": ("Provenance", [("target." * STEPS_MAX + "code", "a")]),
    "conditions": ("Patient", [("_filter", " or ".join(["name co a"] * 5_000))]),
    "conditions in the end": ("Patient", [("_filter", " or ".join(["name co a"] * (CONDITIONS_MAX + 1)))]),
    "conditions of several": ("Patient", [("_filter", " or ".join(["name eq a"] * CONDITIONS_MAX))] * 16),
    "parentheses": ("Patient", [("_filter", "(" * 90_000)]),
    "brackets": ("Patient", [("_filter", "link[" * 15_000)]),
    "dots": ("Patient", [("_filter", "link." * 15_000 + "name eq a")]),
    "turns": ("Patient", [("_filter", turns(NESTING_MAX + 1))]),
    "nesting": ("Patient", [("_filter", brackets(7))]),
    "nesting in negations": ("Patient", [("_filter", brackets(6, "not ({} or active eq true)"))]),
    "words": ("Patient", [("_content", " ".join(map(str, range(CONDITIONS_MAX + 1))))]),
    "words of a name": ("Patient", [("name:text", "a " * 40_000)]),
    "parentheses around words": ("Patient", [("_text", "(" * 90_000)]),
    "negations of a word": ("Patient", [("_text", "not " * 20_000 + "a")]),
    "parts of a path": ("ValueSet", [("url:above", "http://a" + "/b" * 40_000)]),
    "digits": ("Location", [("near", "1" * 90_000 + "|2")]),
    "escapes": ("Patient", [("name", "\\" * 99_999)]),
}

MUCH: dict[str, tuple[str, Parameters]] = {
    "clauses": ("Patient", [("name", "a")] * 100),
    "chains": ("Observation", [("patient.name", "a")] * 100),
    "values": ("Observation", [("code", ",".join(f"s|{number}" for number in range(VALUES_MAX)))]),
    "dates": ("Observation", [("date", ",".join(["ge2013-01-14"] * VALUES_MAX))] * 3),
    "quantities": (
        "Observation",
        [("value-quantity", ",".join(["ap5|http://unitsofmeasure.org|mg"] * 999))] * 3,
    ),
    "composites": ("Observation", [("code-value-quantity", ",".join(["a$ap5||mg"] * VALUES_MAX))]),
    "places": ("Location", [("near", ",".join(["48|2|5"] * VALUES_MAX))]),
    "steps": ("Patient", [("link:Patient." * STEPS_MAX + "name", "a")]),
    "steps back": ("Patient", [("_has:Patient:link:" * STEPS_MAX + "name", "a")]),
    "conditions": ("Patient", [("_filter", " or ".join(["name co a"] * CONDITIONS_MAX))]),
    "conditions on others": (
        "Observation",
        [("_filter", " and ".join(["patient.name co a"] * CONDITIONS_MAX))],
    ),
    "parentheses": ("Patient", [("_filter", "(" * NESTING_MAX + "name eq a" + ")" * NESTING_MAX)]),
    "turns": ("Patient", [("_filter", turns(NESTING_MAX))]),
    "nesting": ("Patient", [("_filter", brackets(6))]),
    "nesting in negations": ("Patient", [("_filter", brackets(4, "not ({} or active eq true)"))]),
    "nested words": ("Patient", [("_content", "(a or " * NESTING_MAX + "b" + ")" * NESTING_MAX)]),
    "negations of a word": ("Patient", [("_text", "not " * NESTING_MAX + "a")]),
    "a long number": ("Observation", [("value-quantity", "9" * 9_000 + "|http://unitsofmeasure.org|mg")]),
    "a great number": ("Observation", [("value-quantity", "1e999999999|http://unitsofmeasure.org|mg")]),
    "a long unit": ("Observation", [("value-quantity", "1|http://unitsofmeasure.org|" + "m." * 40_000)]),
}


def understood(registry: Registry, type: str, parameters: Parameters) -> SearchQuery:
    return parse([type], parameters, registry=registry, zone=PARIS, now=NOW).query


@pytest.mark.parametrize("search", TOO_MUCH)
def test_too_much_is_refused_in_short(registry: Registry, search: str) -> None:
    with pytest.raises(InvalidSearch) as refusal:
        understood(registry, *TOO_MUCH[search])
    for issue in refusal.value.issues:
        assert len(issue.text.render()) < 1_000
        assert len("".join(issue.expression)) < 1_000


def test_what_is_ignored_is_told_in_short(registry: Registry) -> None:
    unknown = [("x" * 10_000, "a")]
    understood = parse(["Patient"], unknown, registry=registry, zone=PARIS, now=NOW, lenient=True)
    assert len(understood.ignored[0].text.render()) < 1_000


def test_chain_targets_and_terms_may_reach_their_limits() -> None:
    budget = Budget(CHAIN_TARGETS_MAX - 1, TERMS_MAX - 1)
    budget.take_chain_target("target")
    budget.take_terms(1, "target")
    with pytest.raises(InvalidSearch):
        budget.take_chain_target("target")
    with pytest.raises(InvalidSearch):
        budget.take_terms(1, "target")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Store]]:
    folder: Path = tmp_path_factory.mktemp("limits")
    stores: list[Store] = [MemoryStore(), SqliteStore(folder / "store.sqlite")]
    for contents in map(Contents, ("chaining.yaml", "quantity.yaml", "special.yaml")):
        for store in stores:
            Server(contents, store)
    yield stores
    for store in stores:
        store.close()


@pytest.mark.parametrize("few", [0, 256], ids=["walking", "seeking"])
@pytest.mark.parametrize("search", MUCH)
def test_what_is_accepted_can_be_answered(
    registry: Registry, stores: Sequence[Store], search: str, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fhir_server.store.sqlite.row_sources.FEW", few)
    query = understood(registry, *MUCH[search])
    found = [[match.reference for match in store.search(query).matches] for store in stores]
    assert found[0] == found[1]
