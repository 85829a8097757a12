"""The composite parameter: several values that must match in the same part of a resource.

https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, product
from typing import Any

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import CompositeValue, Value
from fhir_server.search.entries import CompositeEntry, Entries, Entry
from fhir_server.search.escapes import split
from fhir_server.search.types.context import ParseContext

Read = Callable[[str, ParseContext], Value]
"""Parses a value of a search."""

Find = Callable[[Any, Any], Sequence[Entry]]
"""Finds the entries of one component, given a part of the resource and the whole."""


@dataclass(frozen=True, slots=True)
class Finder:
    """Finds the entries of one component. It `needs` one of these properties in the part; "" for none."""

    find: Find
    needs: Collection[str]


@dataclass(frozen=True, slots=True)
class Part:
    """The finders of components in one part of a resource, and the composite parameters that use them."""

    finders: tuple[Finder, ...]
    parameters: list[str]


CompositeRule = tuple[str, tuple[Find, ...], Sequence[str]]
"""A property that must be present, the finders of the components, and the composite parameters."""


COMBINATIONS_MAX = 1_000


def parse(text: str, context: ParseContext, components: Sequence[tuple[str, Read]]) -> CompositeValue:
    """One value per component, joined by `$`; `components` gives the name and reader of each."""
    parts = split(text, "$")
    if len(parts) != len(components) or not all(parts):
        names = "$".join(name for name, _ in components)
        raise InvalidSearch.of(
            messages.BAD_COMPOSITE(
                value=text, parameter=context.parameter, count=len(components), parts=names
            )
        )
    return CompositeValue(
        tuple(read(part, context) for part, (_, read) in zip(parts, components, strict=True))
    )


def matches(
    entry: CompositeEntry, value: CompositeValue, components: Sequence[Callable[[Any, Any, None], bool]]
) -> bool:
    """Whether every component of the entry matches its value; `components` are the comparisons."""
    pairs = zip(components, entry.components, value.components, strict=True)
    return all(compare(part, wanted, None) for compare, part, wanted in pairs)


def add_part(parts: list[Part], parameter: str, finders: tuple[Finder, ...]) -> None:
    """Add a composite parameter with these finders, which it shares with others that have the same."""
    for part in parts:
        if part.finders == finders:
            part.parameters.append(parameter)
            return
    parts.append(Part(finders, [parameter]))


def composite_rules(parts: Iterable[Part]) -> Iterator[CompositeRule]:
    """The rules for some parts, one for each property that the last component needs. The first component, a
    code, is always present; the last is a value, which may be of several types.
    """
    for part in parts:
        for name in part.finders[-1].needs:
            yield name, tuple(finder.find for finder in part.finders), part.parameters


def index_parts(parts: Iterable[CompositeRule], value: Any, resource: Any, entries: Entries) -> None:
    """Add every combination of the components' entries in one part, at most `COMBINATIONS_MAX`."""
    for needed, finders, parameters in parts:
        if needed and needed not in value:
            continue
        found = [find(value, resource) for find in finders]
        entries.composites += [
            CompositeEntry(parameter, combination)
            for combination in islice(product(*found), COMBINATIONS_MAX)
            for parameter in parameters
        ]
