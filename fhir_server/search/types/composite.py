"""The composite parameter: several values that must hold of one and the same part of a resource.

https://hl7.org/fhir/R4/search.html#composite
"""

from collections.abc import Callable, Iterable, KeysView, Sequence
from itertools import islice, product
from typing import Any, NamedTuple

from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import CompositeValue, Value
from fhir_server.search.entries import CompositeEntry, Entries, Entry
from fhir_server.search.escapes import split
from fhir_server.search.types.context import Reading

Component = Callable[[str, Reading], Value]


class Finder(NamedTuple):
    """Finds the entries of one component, given a part of the resource, the whole, and what is found on the
    way: none where the part has none of the properties that it `needs`, which are None if it looks elsewhere
    too.
    """

    find: Callable[[Any, Any, Entries], Sequence[Entry]]
    needs: KeysView[str] | None


class Part(NamedTuple):
    """A part of a resource, the finders of components there, and the composites that are made of these."""

    finders: tuple[Finder, ...]
    parameters: list[str]


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


def add_part(parts: list[Part], parameter: str, finders: tuple[Finder, ...]) -> None:
    """Let a composite be made of what the finders find; others may be made of the same."""
    for part in parts:
        if part.finders == finders:
            part.parameters.append(parameter)
            return
    parts.append(Part(finders, [parameter]))


def index_parts(parts: Iterable[Part], value: Any, resource: Any, entries: Entries) -> None:
    """Add every combination of the components' entries in one part, at most `COMBINATIONS_MAX`."""
    present = value.keys()
    for finders, parameters in parts:
        # The code comes first and is always there; the value that may be of another type comes last.
        needed = finders[-1].needs
        if needed is not None and needed.isdisjoint(present):
            continue
        passing = Entries()
        found = [find(value, resource, passing) for find, _ in finders]
        for combination in islice(product(*found), COMBINATIONS_MAX):
            entries.composites += [CompositeEntry(parameter, combination) for parameter in parameters]
