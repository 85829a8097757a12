"""Every type of search parameter: how its values are read, indexed and compared.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.search.ast import ParameterType, Value
from fhir_server.search.types import date, number, position, quantity, reference, string, token, uri, word
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target


@dataclass(frozen=True, slots=True)
class Compared:
    """One kind of entries: how they compare with a value, and the list of `Entries` that they stand in."""

    matches: Callable[[Any, Any, str | None], bool]
    entries: str


@dataclass(frozen=True, slots=True)
class Kind(Compared):
    """One type of parameter. `modifiers` are those that it takes beside :missing."""

    parse: Callable[[str, ParseContext], Value]
    indexer: Callable[[Target, Indexing], Indexer | None]
    modifiers: tuple[str, ...] = ()


KINDS: Mapping[ParameterType, Kind] = {
    "string": Kind(string.matches, "strings", string.parse, string.indexer, ("exact", "contains", "text")),
    "token": Kind(
        token.matches,
        "tokens",
        token.parse,
        token.indexer,
        ("not", "text", "in", "not-in", "above", "below", "of-type"),
    ),
    "reference": Kind(
        reference.matches,
        "references",
        reference.parse,
        reference.indexer,
        ("identifier", "above", "below"),
    ),
    "date": Kind(date.matches, "dates", date.parse, date.indexer),
    "number": Kind(number.matches, "numbers", number.parse, number.indexer),
    "quantity": Kind(quantity.matches, "quantities", quantity.parse, quantity.indexer),
    "uri": Kind(uri.matches, "uris", uri.parse, uri.indexer, ("above", "below", "contains")),
    "position": Kind(position.matches, "positions", position.parse, position.indexer),
}
"""All but composite, which is made of the others, and the special ones that are no place."""

COMPARED: Mapping[ParameterType, Compared] = {**KINDS, "word": Compared(word.matches, "words")}
"""All that have entries of their own."""
