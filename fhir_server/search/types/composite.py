"""The composite parameter: several values that must hold of one and the same part of a resource.

https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, KeysView, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any, NamedTuple

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import CompositeValue, Value
from fhir_server.search.entries import CompositeEntry, Entries, new_composite
from fhir_server.search.escapes import split
from fhir_server.search.types.context import Reading

Component = Callable[[str, Reading], Value]


@dataclass(frozen=True, slots=True, eq=False)
class Finder:
    """Finds the entries of one component, given a part of the resource and the whole: none where the part has
    none of the properties that it `needs`, which are None if it looks elsewhere too.
    """

    find: Callable[[Any, Any], Sequence[NamedTuple]]
    needs: KeysView[str] | None


Found = dict[Finder, Sequence[NamedTuple]]
"""What finders found in one part of a resource; composites have many of them in common."""

PartIndexer = Callable[[Any, Any, Entries, Found], None]
"""Adds the entries of one part of a resource, given the part, the whole, and what is found there already."""

Part = tuple[KeysView[str] | None, PartIndexer]
"""What must be there for a combination, of which the last component says most, and what adds its entries."""

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


def part(parameter: str, finders: Sequence[Finder]) -> Part:
    """Every combination of the components' entries, at most `COMBINATIONS_MAX` for one part."""

    def index(part: Any, resource: Any, entries: Entries, found: Found) -> None:
        # The code comes first and is always there; the value that may be of another type comes last.
        for finder in reversed(finders):
            if finder not in found:
                found[finder] = finder.find(part, resource)
            if not found[finder]:
                return
        for combination in islice(product(*[found[finder] for finder in finders]), COMBINATIONS_MAX):
            entries.composites.append(new_composite((parameter, combination)))

    return finders[-1].needs, index


def index_parts(parts: Sequence[Part], value: Any, resource: Any, entries: Entries) -> None:
    """Add the entries of all the combinations of what is in one part of a resource."""
    found: Found = {}
    properties = value.keys()
    for needed, index in parts:
        if needed is None or not needed.isdisjoint(properties):
            index(value, resource, entries, found)
