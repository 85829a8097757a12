"""Checks of the discriminators in a profile: their paths lead to existing elements.

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
"""Types that `resolve()` can follow."""


class PossibleType(NamedTuple):
    """A possible type of the values at a path, with its elements."""

    type: str
    elements: Mapping[str, Element]


class AnyResource(Exception):
    """A path leads to a resource of any type, whose elements are unknown."""


def discriminator_issues(lines: Any, snapshot: Snapshot, registry: Registry) -> Iterator[Issue]:
    """An error for each discriminator whose path does not exist, since no value could match a slice; a
    warning for one outside the simple subset of FHIRPath.
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
        missing = _first_missing(steps, _possible_types(sliced, codes, registry), registry)
    except AnyResource:
        return
    except (FhirPathError, Unsupported) as error:
        text = messages.DISCRIMINATOR_UNREADABLE(reason=shortened(str(error)))
        yield finding("warning", "invalid", KEY, text, place)
        return
    if missing is not None:
        text = messages.DISCRIMINATOR_UNKNOWN(path=excerpt(path), step=excerpt(missing), element=sliced)
        yield finding("error", "invalid", KEY, text, place)


def _possible_types(path: str, codes: list[str], registry: Registry) -> list[PossibleType]:
    """The possible types of an element at a path in the profile. Raises `AnyResource`."""
    root, *names = path.split(".")
    elements = [registry.type(root).elements]
    element: Element | None = None
    for name in names:
        element = next((found for inside in elements if (found := _element_named(name, inside))), None)
        if element is None:
            raise AnyResource
        elements = [place.elements for place in _inside(element, _codes(element, name), registry)]
    if element is None:
        return [PossibleType(root, registry.type(root).elements)]
    known = [code for code in codes if code in _codes(element, names[-1])]
    return list(_inside(element, known or _codes(element, names[-1]), registry))


def _element_named(name: str, elements: Mapping[str, Element]) -> Element | None:
    """The element with this name in a path; a choice may be written as `value[x]` or as `valueQuantity`."""
    found = elements.get(name.removesuffix("[x]"))
    if found is not None:
        return found
    return next((one for one in elements.values() if one.choice and type_suffix(name, one.name)), None)


def _codes(element: Element, name: str) -> list[str]:
    """The types of an element, or the one that a name such as `valueQuantity` implies."""
    named = element.json_names().get(name)
    return [named.code] if named is not None else [ref.code for ref in element.types]


def _inside(element: Element, codes: Iterable[str], registry: Registry) -> Iterator[PossibleType]:
    if element.children:
        yield PossibleType("BackboneElement", element.children)
        return
    for code in codes:
        type = registry.type(code)
        if type.abstract:
            raise AnyResource
        yield PossibleType(type.name, type.elements)


def _first_missing(steps: list[Step], possible_types: list[PossibleType], registry: Registry) -> str | None:
    """The name of the first step that does not exist; None if all exist. Raises `AnyResource`."""
    for kind, name in steps:
        possible_types = list(_next(kind, name, possible_types, registry))
        if not possible_types:
            return name or f"{kind}()"
    return None


def _next(
    kind: str, name: str, possible_types: list[PossibleType], registry: Registry
) -> Iterator[PossibleType]:
    if kind == "resolve":
        if any(place.type in _LINKS for place in possible_types):
            raise AnyResource
        return
    for place in possible_types:
        if kind == "type":
            if place.type == name:
                yield place
            continue
        element = place.elements.get("extension" if kind == "extension" else name)
        if element is not None:
            yield from _inside(element, [ref.code for ref in element.types], registry)
