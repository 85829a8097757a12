"""How every backend interprets each type of search value.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_server.core.decimal import sort_key
from fhir_server.core.resource import draft
from fhir_server.search.ast import (
    Chain,
    Clause,
    DateValue,
    Match,
    NearValue,
    NumberValue,
    Prefix,
    QuantityValue,
    SearchQuery,
    StringValue,
    TokenValue,
    UriValue,
)
from fhir_server.search.entries import (
    Contained,
    Entries,
    NumberEntry,
    PositionEntry,
    QuantityEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
)
from fhir_server.store.port import Store
from tests.store.conftest import TESTED, opened_store
from tests.store.samples import person, put

TEN = Decimal(10)
BY_PREFIX: Mapping[Prefix, str] = {
    "eq": "low exact",
    "ne": "below high above around",
    "gt": "high above around",
    "lt": "below low around",
    "ge": "exact high above around",
    "le": "below low exact around",
    "sa": "high above",
    "eb": "below low",
    "ap": "low exact high around",
}


@pytest.fixture(params=[*TESTED, "indexed"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = opened_store(request.param, tmp_path)
    yield opened
    opened.close()


def fill(store: Store, resources: Mapping[str, Entries]) -> None:
    with store.group():
        for id, entries in resources.items():
            put(store, (draft({"resourceType": "Basic"}, id), entries))


def found(store: Store, *where: Clause, types: tuple[str, ...] = ("Basic",)) -> str:
    return " ".join(match.id for match in store.search(SearchQuery(types, where)).matches)


def test_numbers_against_10_give_or_take_a_half(store: Store) -> None:
    ranges = {
        "below": ("9.4", "9.4"),
        "low": ("9.5", "9.5"),
        "exact": ("10", "10"),
        "high": ("10.5", "10.5"),
        "above": ("10.6", "10.6"),
        "around": ("9", "11"),
    }
    keys = {id: [sort_key(Decimal(end)) for end in ends] for id, ends in ranges.items()}
    fill(store, {id: Entries(numbers=[NumberEntry("n", *ends)]) for id, ends in keys.items()})
    half = Decimal("0.5")
    for prefix, expected in BY_PREFIX.items():
        value = NumberValue(prefix, TEN, TEN - half, TEN + half)
        assert found(store, Match("n", "number", (value,))) == expected, prefix


def test_times_of_writing_against_the_time_from_10_to_20(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for millisecond in (5, 10, 15, 20):
        monkeypatch.setattr("time.time_ns", lambda now=millisecond: now * 1_000_000)
        put(store, person(str(millisecond), type="Basic"))
    expected: Mapping[Prefix, str] = {
        "eq": "10 15",
        "ne": "5 20",
        "gt": "20",
        "lt": "5",
        "ge": "10 15 20",
        "le": "5 10 15",
        "sa": "20",
        "eb": "5",
        "ap": "10 15",
    }
    for prefix, ids in expected.items():
        value = DateValue(prefix, 10_000, 20_000)
        assert found(store, Match("_lastUpdated", "date", (value,))) == ids, prefix
    for high, ids in ((10_001, "10"), (10_002, "")):
        within = DateValue("eq", 10_000, high)
        assert found(store, Match("_lastUpdated", "date", (within,), "co")) == ids


def test_resources_by_one_of_several_ids(store: Store) -> None:
    for id in "abc":
        put(store, person(id, type="Basic"))
    put(store, person("b"))
    either = tuple(TokenValue(None, id) for id in "ab")
    for types, ids in (
        (("Basic",), "a b"),
        (("Patient",), "b"),
        (("Basic", "Patient"), "a b b"),
        ((), "a b b"),
    ):
        assert found(store, Match("_id", "token", either), types=types) == ids
        assert found(store, Match("_id", "token", (*either, TokenValue("urn:x", "c"))), types=types) == ids
    assert found(store, Match("_id", "token", either, "not")) == "c"
    assert found(store, Match("_id", "token", (TokenValue("", "c"),))) == "c"


def test_quantities_by_their_unit(store: Store) -> None:
    ten = sort_key(TEN)
    coded = QuantityEntry("q", "urn:ucum", "kg", "kilo", ten, ten)
    named = QuantityEntry("q", "", "", "kg", ten, ten)
    other = QuantityEntry("q", "urn:other", "g", "g", ten, ten)
    fill(
        store,
        {
            id: Entries(quantities=[entry])
            for id, entry in (("coded", coded), ("named", named), ("other", other))
        },
    )

    def of(system: str | None, unit: str | None, value: Decimal = TEN) -> str:
        number = NumberValue("ge", value, value, value)
        return found(store, Match("q", "quantity", (QuantityValue(number, system, unit),)))

    assert of(None, None) == "coded named other"
    assert of(None, None, TEN + 1) == ""
    assert of("urn:ucum", "kg") == of("urn:ucum", None) == "coded"
    assert of("urn:ucum", "kilo") == of("urn:other", "kg") == ""
    assert of(None, "kg") == "coded named"
    assert of(None, "kilo") == "coded"


def test_places_within_a_distance(store: Store) -> None:
    places = {"paris": (48.85, 2.35), "lyon": (45.76, 4.84), "suva": (-18.14, 178.44)}
    fill(store, {id: Entries(positions=[PositionEntry("near", *place)]) for id, place in places.items()})

    def near(latitude: float, longitude: float, kilometres: float) -> str:
        value = NearValue(latitude, longitude, kilometres * 1_000)
        return found(store, Match("near", "position", (value,)))

    assert near(48.85, 2.35, 0) == "paris"
    assert near(48.8, 2.3, 1) == ""
    assert near(48.8, 2.3, 10) == "paris"
    assert near(48.85, 2.35, 400) == "paris lyon"
    assert near(-18.0, -179.9, 300) == "suva"
    assert near(48.85, 2.35, 30_000) == "paris lyon suva"


def test_urls_by_how_they_begin_by_what_they_contain_and_by_what_they_are_not(store: Store) -> None:
    urls = {"one": "http://x/1", "two": "http://x/1/2", "other": "urn:y"}
    fill(store, {id: Entries(uris=[UriEntry("url", url)]) for id, url in urls.items()})

    def url(modifier: str | None, *texts: str) -> str:
        return found(store, Match("url", "uri", tuple(map(UriValue, texts)), modifier))

    assert url(None, "http://x/1") == "one"
    assert url(None, "http://x/1", "urn:y") == "one other"
    assert url("below", "http://x/1") == "one two"
    assert url("contains", "/1/") == "two"
    assert url("contains", "rl|") == ""
    assert url("ne", "http://x/1") == "two other"


def test_what_holds_of_some_types_only(store: Store) -> None:
    for type in ("Basic", "Patient"):
        put(store, person(type.lower(), type=type))
    only = Match("identifier", "token", (TokenValue("urn:mrn", "1"),), only=("Patient",))
    assert found(store, only, types=("Basic", "Patient")) == "patient"
    assert found(store, only) == ""


def test_chains_lead_into_contained_resources_and_on_from_there(store: Store) -> None:
    martin = StringEntry("family", "martin", "Martin")
    inner = Contained("subject", "Patient", Entries(strings=[martin], tokens=[TokenEntry("code", "", "1")]))
    outer = Contained("focus", "Group", Entries(contained=[inner]))
    fill(store, {"direct": Entries(contained=[inner]), "deep": Entries(contained=[outer])})
    name = Match("family", "string", (StringValue("mart", "Mart"),))
    code = Match("code", "token", (TokenValue(None, "1"),))
    assert found(store, Chain("subject", ("Patient", "Group"), name)) == "direct"
    assert found(store, Chain("subject", ("Patient",), code)) == "direct"
    assert found(store, Chain("subject", ("Group",), name)) == ""
    assert found(store, Chain("focus", ("Patient",), name)) == ""
    assert found(store, Chain("focus", ("Group",), Chain("subject", ("Patient",), name))) == "deep"
    assert found(store, name) == ""
