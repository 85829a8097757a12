"""Every type of search parameter: how its values are read, indexed and compared.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.search.ast import ParameterType, Value
from fhir_server.search.types import date, number, quantity, reference, string, token, uri
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target


@dataclass(frozen=True, slots=True)
class Kind:
    """One type of parameter. `entries` names the list of `Entries` that it fills, `modifiers` those that
    this server understands beside :missing.
    """

    parse: Callable[[str, Reading], Value]
    matches: Callable[[Any, Any, str | None], bool]
    indexer: Callable[[Target, Indexing], Indexer | None]
    entries: str
    modifiers: tuple[str, ...] = ()
    not_yet: tuple[str, ...] = ()


KINDS: Mapping[ParameterType, Kind] = {
    "string": Kind(string.parse, string.matches, string.indexer, "strings", ("exact", "contains"), ("text",)),
    "token": Kind(
        token.parse,
        token.matches,
        token.indexer,
        "tokens",
        ("not", "text", "of-type"),
        ("in", "not-in", "above", "below"),
    ),
    "reference": Kind(
        reference.parse,
        reference.matches,
        reference.indexer,
        "references",
        ("identifier",),
        ("above", "below"),
    ),
    "date": Kind(date.parse, date.matches, date.indexer, "dates"),
    "number": Kind(number.parse, number.matches, number.indexer, "numbers"),
    "quantity": Kind(quantity.parse, quantity.matches, quantity.indexer, "quantities"),
    "uri": Kind(uri.parse, uri.matches, uri.indexer, "uris", (), ("above", "below")),
}
"""All but composite, which is made of the others, and special, of which none is supported yet."""
