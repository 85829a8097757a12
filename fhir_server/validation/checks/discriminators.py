"""Whether the discriminators of a profile's slices lead to elements that exist.

https://hl7.org/fhir/R4/profiling.html#discriminator
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import Element, type_suffix
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import Snapshot
from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import finding
from fhir_server.validation.fhirpath.compiled import Unsupported
from fhir_server.validation.fhirpath.parser import parse
from fhir_server.validation.findings import excerpt, shortened
from fhir_server.validation.profiles.discriminator_paths import Step, steps_of

KEY = "discriminator"
_LINKS = frozenset({"Reference", "canonical", "uri", "url"})
"""Types of what `resolve()` follows."""


class Place(NamedTuple):
    """A type that a value may have where a path leads, with the elements inside it."""

    type: str
    elements: Mapping[str, Element]


class Anything(Exception):
    """A path leads to a resource of any type: what is inside cannot be told from definitions."""


def discriminator_issues(lines: Any, snapshot: Snapshot, registry: Registry) -> Iterator[Issue]:
    """An error for each discriminator of a differential whose path leads nowhere, as no value could ever be
    told to be of a slice; a warning for one that is not of the simple subset of FHIRPath.
    """
    types = {element["id"]: element.get("type", ()) for element in snapshot.elements}
    for index, line in enumerate(lines):
        found = types.get(line.get("id") or line["path"], ())
        for number, discriminator in enumerate(line.get("slicing", {}).get("discriminator", ())):
            place = f"StructureDefinition.differential.element[{index}].slicing.discriminator[{number}].path"
            codes = [type["code"] for type in found]
            yield from _issues(discriminator["path"], place, line["path"], codes, registry)


def _issues(path: str, place: str, sliced: str, codes: list[str], registry: Registry) -> Iterator[Issue]:
    try:
        steps = list(steps_of(parse(path)))
        missing = _missing(steps, _places(sliced, codes, registry), registry)
    except Anything:
        return
    except (FhirPathError, Unsupported) as error:
        text = messages.DISCRIMINATOR_UNREADABLE(reason=shortened(str(error)))
        yield finding("warning", "invalid", KEY, text, place)
        return
    if missing is not None:
        text = messages.DISCRIMINATOR_UNKNOWN(path=excerpt(path), step=excerpt(missing), element=sliced)
        yield finding("error", "invalid", KEY, text, place)


def _places(path: str, codes: list[str], registry: Registry) -> list[Place]:
    """The types that a profile leaves an element at a path. Raises `Anything`."""
    root, *names = path.split(".")
    elements = [registry.type(root).elements]
    element: Element | None = None
    for name in names:
        element = next((found for inside in elements if (found := _named(name, inside))), None)
        if element is None:
            raise Anything
        elements = [place.elements for place in _inside(element, _codes(element, name), registry)]
    if element is None:
        return [Place(root, registry.type(root).elements)]
    known = [code for code in codes if code in _codes(element, names[-1])]
    return list(_inside(element, known or _codes(element, names[-1]), registry))


def _named(name: str, elements: Mapping[str, Element]) -> Element | None:
    """The element that a path names, which may write a choice as `value[x]` or as `valueQuantity`."""
    found = elements.get(name.removesuffix("[x]"))
    if found is not None:
        return found
    return next((one for one in elements.values() if one.choice and type_suffix(name, one.name)), None)


def _codes(element: Element, name: str) -> list[str]:
    """The types of an element, or the one that a name such as `valueQuantity` says."""
    named = element.json_names().get(name)
    return [named.code] if named is not None else [ref.code for ref in element.types]


def _inside(element: Element, codes: Iterable[str], registry: Registry) -> Iterator[Place]:
    if element.children:
        yield Place("BackboneElement", element.children)
        return
    for code in codes:
        type = registry.type(code)
        if type.abstract:
            raise Anything
        yield Place(type.name, type.elements)


def _missing(steps: list[Step], places: list[Place], registry: Registry) -> str | None:
    """The first step that leads nowhere, by what it names; None where all lead on. Raises `Anything`."""
    for kind, name in steps:
        places = list(_next(kind, name, places, registry))
        if not places:
            return name or f"{kind}()"
    return None


def _next(kind: str, name: str, places: list[Place], registry: Registry) -> Iterator[Place]:
    if kind == "resolve":
        if any(place.type in _LINKS for place in places):
            raise Anything
        return
    for place in places:
        if kind == "type":
            if place.type == name:
                yield place
            continue
        element = place.elements.get("extension" if kind == "extension" else name)
        if element is not None:
            yield from _inside(element, [ref.code for ref in element.types], registry)
