"""Any valid example that is damaged in one place is refused there, whatever the place and the damage."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.definitions.elements import Element
from tests.mappings.validity import GUIDE, PROFILES, errors
from tests.profiles.breakable_elements import BASE, elements_below
from tests.profiles.examples import Example, examples

Resource = dict[str, Any]
Damage = Callable[[Resource, str], None]


@dataclass(frozen=True, slots=True)
class Place:
    """A member of an object inside an example: the steps to the object, and the member's FHIRPath."""

    steps: tuple[str | int, ...]
    member: str
    path: str
    element: Element
    value: Any

    def holder(self, resource: Resource) -> Resource:
        found: Any = resource
        for step in self.steps:
            found = found[step]
        assert isinstance(found, dict)
        return found


def places(resource: Resource) -> Iterator[Place]:
    yield from _below(resource, (), resource["resourceType"], BASE.type(resource["resourceType"]).elements)


def _below(
    holder: Resource, steps: tuple[str | int, ...], path: str, known: Mapping[str, Element]
) -> Iterator[Place]:
    named = {name: element for element in known.values() for name in element.json_names()}
    for member, value in holder.items():
        if member == "resourceType":
            continue
        element = named[member]
        place = f"{path}.{element.name}"
        yield Place(steps, member, place, element, value)
        items = enumerate(value) if isinstance(value, list) else [(None, value)]
        for index, item in items:
            if isinstance(item, dict):
                inner = (*steps, member) if index is None else (*steps, member, index)
                yield from _below(item, inner, place, _known(element, member, item))


def _known(element: Element, member: str, item: Resource) -> Mapping[str, Element]:
    if "resourceType" in item:
        return BASE.type(item["resourceType"]).elements
    if element.choice:
        return BASE.type(element.json_names()[member].code).elements
    return elements_below(element)


def drop(holder: Resource, member: str) -> None:
    del holder[member]


def rename(holder: Resource, member: str) -> None:
    holder[f"x{member}"] = holder.pop(member)


def duplicate(holder: Resource, member: str) -> None:
    holder[member] = [holder[member], holder[member]]


def unwrap(holder: Resource, member: str) -> None:
    holder[member] = holder[member][0]


def retype(holder: Resource, member: str) -> None:
    kind = type(holder[member])
    holder[member] = {str: 7, bool: "true", int: "7", dict: "texte"}.get(kind, {"texte": 1})


def empty(holder: Resource, member: str) -> None:
    holder[member] = [] if isinstance(holder[member], list) else "" if isinstance(holder[member], str) else {}


def out_of_range(holder: Resource, member: str) -> None:
    holder[member] = "2025-02-30" if re.match(r"\d{4}-\d\d-\d\d", holder[member]) else "hors-liste"


def damages(place: Place, mandatory: frozenset[str]) -> Iterator[Damage]:
    """Those that must be refused at a place."""
    yield from (rename, retype, empty)
    yield unwrap if isinstance(place.value, list) else duplicate
    if place.element.min or place.path in mandatory:
        yield drop
    binding = place.element.binding
    is_coded = binding is not None and binding.strength == "required"
    type = place.element.json_names()[place.member].code
    if isinstance(place.value, str) and ((type == "code" and is_coded) or type in ("date", "instant")):
        yield out_of_range


def stated_as_mandatory(profile: str) -> frozenset[str]:
    """The paths that the differential makes mandatory, wherever they stand."""
    elements = PROFILES[GUIDE.profile(profile)]["differential"]["element"]
    return frozenset(
        element["path"].replace("[x]", "")
        for element in elements
        if element.get("min") and ":" not in element["id"]
    )


@cache
def mutants() -> tuple[tuple[Example, Place, Damage], ...]:
    return tuple(
        (example, place, damage)
        for example in examples()
        for place in places(example.resource)
        for damage in damages(place, stated_as_mandatory(example.profile))
    )


@given(st.sampled_from(mutants()))
def test_a_mutant_is_refused_at_its_place(mutant: tuple[Example, Place, Damage]) -> None:
    example, place, damage = mutant
    resource = example.resource
    damage(place.holder(resource), place.member)
    found = {
        re.sub(r"\[\d+\]|\.ofType\(\w+\)", "", at) for error in errors(resource) for at in error.expression
    }
    parent = place.path.rpartition(".")[0]
    here = (f"{place.path}.", f"{parent}.x{place.member}.")
    assert any(at == parent or f"{at}.".startswith(here) for at in found), found
