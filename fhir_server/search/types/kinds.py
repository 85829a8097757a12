"""The table of search parameter types: how their values are parsed, indexed and compared.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.search.ast import ParameterType, Value
from fhir_server.search.types import date, number, position, quantity, reference, string, token, uri, word
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target


@dataclass(frozen=True, slots=True)
class EntryKind:
    """One kind of entry: its comparison with a value, and the name of its list in `Entries`."""

    matches: Callable[[Any, Any, str | None], bool]
    entries: str


@dataclass(frozen=True, slots=True)
class ParameterKind(EntryKind):
    """One parameter type. `modifiers` are those besides :missing."""

    parse: Callable[[str, ParseContext], Value]
    indexer: Callable[[Target, Indexing], Indexer | None]
    modifiers: tuple[str, ...] = ()


KINDS: Mapping[ParameterType, ParameterKind] = {
    "string": ParameterKind(
        string.matches, "strings", string.parse, string.indexer, ("exact", "contains", "text")
    ),
    "token": ParameterKind(
        token.matches,
        "tokens",
        token.parse,
        token.indexer,
        ("not", "text", "in", "not-in", "above", "below", "of-type"),
    ),
    "reference": ParameterKind(
        reference.matches,
        "references",
        reference.parse,
        reference.indexer,
        ("identifier", "above", "below"),
    ),
    "date": ParameterKind(date.matches, "dates", date.parse, date.indexer),
    "number": ParameterKind(number.matches, "numbers", number.parse, number.indexer),
    "quantity": ParameterKind(quantity.matches, "quantities", quantity.parse, quantity.indexer),
    "uri": ParameterKind(uri.matches, "uris", uri.parse, uri.indexer, ("above", "below", "contains")),
    "position": ParameterKind(position.matches, "positions", position.parse, position.indexer),
}
"""All types but composite, which is made of the others, and special; `position` is the special `near`."""

COMPARED: Mapping[ParameterType, EntryKind] = {**KINDS, "word": EntryKind(word.matches, "words")}
"""All kinds of entries but composite ones."""
