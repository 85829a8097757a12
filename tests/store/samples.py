"""Drafts and entries for the store tests, and strategies for random ones."""

from collections.abc import Sequence
from decimal import Decimal
from functools import cache
from typing import Any

from hypothesis import strategies as st

from fhir_server.core.decimal import sort_key
from fhir_server.core.resource import Draft, draft
from fhir_server.core.temporal import BEGINNING, END
from fhir_server.search.ast import (
    AllOf,
    AnyOf,
    Chain,
    Clause,
    CompositeValue,
    DateValue,
    Has,
    Hierarchy,
    Match,
    MissingValue,
    NearValue,
    Not,
    NumberValue,
    Prefix,
    QuantityValue,
    ReferenceValue,
    Sort,
    StringValue,
    TokenSet,
    TokenValue,
    UriValue,
    WordValue,
)
from fhir_server.search.entries import (
    CompositeEntry,
    Contained,
    DateEntry,
    Entries,
    NumberEntry,
    PositionEntry,
    QuantityEntry,
    ReferenceEntry,
    StringEntry,
    TokenEntry,
    UriEntry,
    WordEntry,
)
from fhir_server.store.port import Store, StoredResource

TYPES = ("Patient", "Observation")
IDS = ("1", "2", "3")
PREFIXES: tuple[Prefix, ...] = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")

_words = st.sampled_from(
    ["Du", "Dupont", "DUPONT", "Dupond", "Zoé", "dup d'1", "\U0001f600", "\ud7ff", "a\U0010ffff"]
)
_systems = st.sampled_from(["", "urn:s1", "urn:s2"])
_codes = st.sampled_from(["", "a", "b", "1", "é"])
_texts = st.sampled_from(["bone", "liver"])
_ids = st.sampled_from(IDS)
_types = st.sampled_from(TYPES)
_urls = st.sampled_from(["http://x/1", "http://x/1/2", "1"])
_versions = st.sampled_from(["", "1", "1.1"])
_latitudes = st.sampled_from([-90.0, -17.0, 48.8, 48.9, 89.99])
_longitudes = st.sampled_from([-179.9, 2.1, 2.3, 179.9, 180.0])
_times = st.one_of(st.integers(0, 12), st.sampled_from([BEGINNING, END - 1]))
_decimals = st.sampled_from([Decimal(text) for text in ("-10.5", "-1", "0", "0.1", "1", "9.5", "10", "1E+3")])


def person(
    id: str, *, code: str = "1", family: str = "Martin", type: str = "Patient"
) -> tuple[Draft, Entries]:
    """A resource with one identifier and one family name."""
    entries = Entries(
        strings=[StringEntry("family", family.lower(), family)],
        tokens=[TokenEntry("identifier", "urn:mrn", code)],
    )
    return draft({"resourceType": type, "name": [{"family": family}]}, id), entries


def referring(id: str, target: str, type: str = "Observation") -> tuple[Draft, Entries]:
    """A resource whose subject is `target`, such as Patient/1."""
    target_type, target_id = target.split("/")
    entries = Entries(references=[ReferenceEntry("subject", target_type, target_id, "")])
    return draft({"resourceType": type, "subject": {"reference": target}}, id), entries


def scored(id: str, subject: str, code: str) -> tuple[Draft, Entries]:
    """An Observation of `subject` by one code."""
    sample, entries = referring(id, subject)
    entries.tokens.append(TokenEntry("code", "urn:scales", code))
    return sample, entries


def put(store: Store, sample: tuple[Draft, Entries], expected: int | None = None) -> StoredResource:
    """Store a sample in a unit of its own."""
    return store.transact(lambda unit: unit.put(*sample, "PUT", expected))


def identified(code: str) -> Match:
    return Match("identifier", "token", (TokenValue("urn:mrn", code),))


def references(resources: Sequence[StoredResource]) -> list[str]:
    return [resource.reference for resource in resources]


def _spans() -> st.SearchStrategy[tuple[int, int]]:
    return st.tuples(_times, st.one_of(st.integers(1, 5), st.just(None))).map(
        lambda pair: (pair[0], END if pair[1] is None else pair[0] + pair[1])
    )


def _ranges() -> st.SearchStrategy[tuple[str, str]]:
    return st.one_of(
        _decimals.map(lambda value: (sort_key(value),) * 2),
        st.tuples(_decimals, _decimals).map(lambda pair: tuple(sorted(map(sort_key, pair)))),
    )


def _string_entries(parameter: str) -> st.SearchStrategy[StringEntry]:
    return _words.map(lambda word: StringEntry(parameter, word.lower(), word))


def _token_entries(parameter: str) -> st.SearchStrategy[TokenEntry]:
    return st.builds(TokenEntry, st.just(parameter), _systems, _codes)


def _reference_entries(parameter: str) -> st.SearchStrategy[ReferenceEntry]:
    return st.one_of(
        st.builds(ReferenceEntry, st.just(parameter), _types, _ids, _versions),
        st.builds(ReferenceEntry, st.just(parameter), st.just(""), _urls, _versions),
        st.just(ReferenceEntry(parameter, "", "", "")),
    )


def _date_entries(parameter: str) -> st.SearchStrategy[DateEntry]:
    return _spans().map(lambda span: DateEntry(parameter, *span))


def _number_entries(parameter: str) -> st.SearchStrategy[NumberEntry]:
    return _ranges().map(lambda ends: NumberEntry(parameter, *ends))


def _quantity_entries(parameter: str, bases: tuple[str, ...] = ("",)) -> st.SearchStrategy[QuantityEntry]:
    def built(
        system: str, code: str, unit: str, ends: tuple[str, str], base: str, base_ends: tuple[str, str]
    ) -> QuantityEntry:
        base_low, base_high = base_ends if base else ("", "")
        return QuantityEntry(parameter, system, code, unit, *ends, base, base_low, base_high)

    return st.builds(
        built,
        _systems,
        _codes,
        _codes,
        _ranges(),
        st.sampled_from(bases),
        _ranges(),
    )


def _composite_entries(parameter: str) -> st.SearchStrategy[CompositeEntry]:
    components = {
        "code-quantity": (_token_entries("c"), _quantity_entries("v", ("", "a", "g"))),
        "subject-date-text": (_reference_entries("c"), _date_entries("v"), _string_entries("t")),
    }
    return st.tuples(*components[parameter]).map(lambda parts: CompositeEntry(parameter, parts))


@st.composite
def entries(draw: st.DrawFn, depth: int = 2) -> Entries:
    """Few values, so that they meet; contained resources `depth` levels deep."""
    return draw(_entries(depth))


@cache
def _entries(depth: int) -> st.SearchStrategy[Entries]:
    def some(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
        return st.lists(strategy, max_size=2)

    return st.builds(
        Entries,
        strings=some(_string_entries("name")),
        tokens=st.lists(st.one_of(_token_entries("code"), _token_entries("identifier")), max_size=3),
        references=st.lists(
            st.one_of(_reference_entries("subject"), _reference_entries("focus")), max_size=3
        ),
        dates=some(_date_entries("date")),
        numbers=some(_number_entries("length")),
        quantities=some(_quantity_entries("value")),
        uris=some(st.builds(UriEntry, st.just("url"), _urls)),
        composites=some(
            st.one_of(_composite_entries("code-quantity"), _composite_entries("subject-date-text"))
        ),
        words=some(st.builds(WordEntry, st.sampled_from(["_text", "_content"]), _texts)),
        positions=some(st.builds(PositionEntry, st.just("near"), _latitudes, _longitudes)),
        contained=some(_contained(depth - 1)) if depth else st.just([]),
    )


def _contained(depth: int) -> st.SearchStrategy[Contained]:
    return st.builds(Contained, st.sampled_from(["subject", "focus"]), _types, entries(depth))


_string_values = _words.map(lambda word: StringValue(word.lower(), word))
_prefix_values = st.sampled_from(["d", "du", "dupon", "zo", "z", "", "\ud7ff", "a\U0010ffff"]).map(
    lambda text: StringValue(text, text)
)
_token_values = st.one_of(
    st.builds(TokenValue, st.one_of(st.none(), _systems), _codes),
    st.builds(TokenValue, st.sampled_from(["urn:s1", "urn:unknown"]), st.none()),
)
_reference_values = st.builds(
    ReferenceValue,
    st.one_of(st.none(), st.just(""), _types, st.just("Nowhere")),
    st.one_of(_ids, _urls),
    st.one_of(st.none(), st.just("1")),
)
_date_values = st.builds(
    lambda prefix, low, length: DateValue(prefix, low, low + length),
    st.sampled_from(PREFIXES),
    st.integers(-2, 14),
    st.integers(1, 6),
)
_number_values = st.builds(
    lambda prefix, value, margin: NumberValue(prefix, value, value - margin, value + margin),
    st.sampled_from(PREFIXES),
    _decimals,
    st.sampled_from([Decimal("0.05"), Decimal("0.5")]),
)
_quantity_values = st.builds(
    QuantityValue,
    _number_values,
    st.sampled_from([None, "urn:s1", "urn:unknown"]),
    st.sampled_from([None, "a", "b"]),
)
_token_sets = st.builds(
    TokenSet,
    st.sampled_from(["urn:s1", "urn:unknown", ""]),
    st.sampled_from([frozenset("a"), frozenset("ab1")]),
)
_near_values = st.builds(
    NearValue, _latitudes, _longitudes, st.sampled_from([0.0, 12_000.0, 30_000.0, 3e6, 3e7])
)
_base_values = st.builds(
    QuantityValue, _number_values, st.just("urn:s1"), st.sampled_from(["a", "g"]), st.just(True)
)
_composite_values = {
    ("token", "quantity"): st.tuples(_token_values, st.one_of(_quantity_values, _base_values)).map(
        CompositeValue
    ),
    ("reference", "date", "string"): st.tuples(_reference_values, _date_values, _prefix_values).map(
        CompositeValue
    ),
}


def _match(parameter: str, type: Any, values: Any, *modifiers: str | None) -> st.SearchStrategy[Match]:
    return st.builds(
        Match,
        st.just(parameter),
        st.just(type),
        st.lists(values, min_size=1, max_size=3).map(tuple),
        st.sampled_from(modifiers or (None,)),
        only=st.sampled_from([(), (), (), ("Patient",)]),
    )


def _composite_match(parameter: str, types: tuple[Any, ...]) -> st.SearchStrategy[Match]:
    values = st.lists(_composite_values[types], min_size=1, max_size=2).map(tuple)
    return values.map(lambda some: Match(parameter, "composite", some, None, types))


def _missing(parameter: str, type: Any) -> st.SearchStrategy[Match]:
    values = st.lists(st.builds(MissingValue, st.booleans()), min_size=1, max_size=2).map(tuple)
    return values.map(lambda some: Match(parameter, type, some, "missing"))


_KINDS = (
    ("name", "string"),
    ("code", "token"),
    ("subject", "reference"),
    ("date", "date"),
    ("length", "number"),
    ("value", "quantity"),
    ("url", "uri"),
    ("never", "token"),
)


def matches() -> st.SearchStrategy[Match]:
    """A criterion of any kind."""
    return st.one_of(
        _match("name", "string", _prefix_values),
        _match("name", "string", _string_values, "exact", "contains"),
        _match("name", "string", _prefix_values, "text", "eq", "ne", "ew", "gt", "lt", "ge", "le"),
        _match("code", "token", _token_values, None, "not", "ne"),
        _match("code", "token", _token_sets, None, "not"),
        _match("code", "token", st.sampled_from(["", "a", "é"]).map(lambda c: TokenValue(None, c)), "below"),
        _match("identifier", "token", _token_values),
        _match("never", "token", _token_values, None, "not"),
        _match("subject", "reference", _reference_values, None, "below", "ne"),
        _match("date", "date", _date_values, None, None, "co"),
        _match("length", "number", _number_values),
        _match("value", "quantity", _quantity_values),
        _match("url", "uri", _urls.map(UriValue), None, "below", "ne"),
        _match("_text", "word", _texts.map(WordValue)),
        _match("_content", "word", _texts.map(WordValue)),
        _match("near", "position", _near_values),
        _match("_id", "token", _ids.map(lambda id: TokenValue(None, id)), None, "not", "ne"),
        _match("_lastUpdated", "date", _updated_values(), None, None, "co"),
        _composite_match("code-quantity", ("token", "quantity")),
        _composite_match("subject-date-text", ("reference", "date", "string")),
        st.sampled_from(_KINDS).flatmap(lambda kind: _missing(*kind)),
    )


def _updated_values() -> st.SearchStrategy[DateValue]:
    """Around the times at which the histories write."""
    return st.builds(
        lambda prefix, low, length: DateValue(prefix, low * 1_000, (low + length) * 1_000),
        st.sampled_from(PREFIXES),
        st.integers(0, 30),
        st.integers(1, 5),
    )


def clauses() -> st.SearchStrategy[Clause]:
    """Criteria, chains and their combinations, a few steps deep."""
    some_types = st.lists(_types, min_size=1, max_size=2, unique=True).map(tuple)

    def deeper(inner: st.SearchStrategy[Clause]) -> st.SearchStrategy[Clause]:
        several = st.lists(inner, min_size=1, max_size=3).map(tuple)
        return st.one_of(
            st.builds(Chain, st.sampled_from(["subject", "focus"]), some_types, inner),
            st.builds(Has, _types, st.sampled_from(["subject", "focus"]), inner),
            st.builds(AllOf, several),
            st.builds(AnyOf, several),
            st.builds(Not, inner),
        )

    hierarchies = st.builds(
        Hierarchy,
        st.sampled_from(["subject", "focus"]),
        _types,
        _ids,
        st.sampled_from(["subject", "focus"]),
        st.sampled_from(["above", "below"]),
    )
    return st.recursive(st.one_of(matches(), matches(), hierarchies), deeper, max_leaves=4)


def sorts() -> st.SearchStrategy[tuple[Sort, ...]]:
    own = [("_id", "token"), ("_lastUpdated", "date")]
    keys = st.sampled_from([*_KINDS, *own])
    one = st.builds(lambda key, descending: Sort(key[0], key[1], descending), keys, st.booleans())
    return st.lists(one, max_size=2, unique_by=lambda sort: sort.parameter).map(tuple)


def type_lists() -> st.SearchStrategy[tuple[str, ...]]:
    return st.lists(_types, max_size=2, unique=True).map(tuple)
