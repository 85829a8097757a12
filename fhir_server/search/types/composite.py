"""The composite parameter: several values that must hold of one and the same part of a resource.

https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import CompositeValue, Value
from fhir_server.search.entries import CompositeEntry, Entries
from fhir_server.search.escapes import split
from fhir_server.search.types.context import Reading

Component = Callable[[str, Reading], Value]
Finder = Callable[[Any, Any], Sequence[NamedTuple]]
"""The entries of one component, given the part of the resource and the whole."""

Found = dict[Finder, Sequence[NamedTuple]]
"""What finders found in one part of a resource; composites have many of them in common."""

PartIndexer = Callable[[Any, Any, Entries, Found], None]
"""Adds the entries of one part of a resource, given the part, the whole, and what is found there already."""

COMBINATIONS_MAX = 1_000


def parse(text: str, reading: Reading, components: Sequence[tuple[str, Component]]) -> CompositeValue:
    """One value per component, joined by `$`; `components` gives the name and reader of each."""
    parts = split(text, "$")
    if len(parts) != len(components) or not all(parts):
        names = "$".join(name for name, _ in components)
        raise InvalidSearch.of(
            messages.BAD_COMPOSITE(
                value=text, parameter=reading.parameter, count=len(components), parts=names
            )
        )
    return CompositeValue(
        tuple(read(part, reading) for part, (_, read) in zip(parts, components, strict=True))
    )


def matches(
    entry: CompositeEntry, value: CompositeValue, components: Sequence[Callable[[Any, Any, None], bool]]
) -> bool:
    """Whether every component of the entry matches its value; `components` compares each."""
    pairs = zip(components, entry.components, value.components, strict=True)
    return all(compare(part, wanted, None) for compare, part, wanted in pairs)


def indexer(parameter: str, finders: Sequence[Finder]) -> PartIndexer:
    """Every combination of the components' entries, at most `COMBINATIONS_MAX` for one part."""

    def index(part: Any, resource: Any, entries: Entries, found: Found) -> None:
        # The code comes first and is always there; the value that may be of another type comes last.
        for finder in reversed(finders):
            if finder not in found:
                found[finder] = finder(part, resource)
            if not found[finder]:
                return
        for combination in islice(product(*[found[finder] for finder in finders]), COMBINATIONS_MAX):
            entries.composites.append(CompositeEntry(parameter, combination))

    return index
