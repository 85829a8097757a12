"""Every way of spoiling a resource that satisfies its profile is noticed, at its place."""

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fhir_server.codes.terminology import Terminology
from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.validation.validator import Validator
from mappings.sesame.guide import read_guide
from tests.mappings.story import resources

Json = dict[str, Any]


class Guide:
    """The guide's validator and its snapshots."""

    def __init__(self) -> None:
        self.registry = Registry.r4().with_guides(read_guide().resources)
        self.validator = Validator(self.registry, FhirPath(), Terminology(self.registry))
        self.claiming = [resource for resource in resources() if resource["meta"].get("profile")]

    def errors(self, resource: Json) -> set[tuple[str, str]]:
        issues = self.validator.validate(resource)
        return {(issue.code, issue.expression[0]) for issue in issues if issue.severity == "error"}


@pytest.fixture(scope="module")
def guide() -> Guide:
    return Guide()


class Spot:
    """An element of a resource: the object that holds it, its JSON name, its place and its definition."""

    def __init__(self, holder: Json, name: str, place: str, definition: ElementDefinition) -> None:
        self.holder = holder
        self.name = name
        self.place = place
        self.definition = definition

    def asked(self, prefix: str) -> bool:
        return any(name.startswith(prefix) for name in self.definition)


def spots(resource: Json, elements: tuple[ElementDefinition, ...]) -> Iterator[Spot]:
    """Every element that is there, of those that are defined outside slices."""
    for definition in elements[1:]:
        if ":" not in definition["id"]:
            root, *names = definition["path"].split(".")
            yield from _reached(resource, root, names, definition)


def _reached(holder: Json, place: str, names: list[str], definition: ElementDefinition) -> Iterator[Spot]:
    first, *rest = names
    if first.endswith("[x]"):
        return
    if not rest and first in holder:
        yield Spot(holder, first, f"{place}.{first}", definition)
    values = holder.get(first, [])
    for index, value in enumerate(values if isinstance(values, list) else [values]):
        item = f"{place}.{first}[{index}]" if isinstance(values, list) else f"{place}.{first}"
        if rest and isinstance(value, dict):
            yield from _reached(value, item, rest, definition)


@st.composite
def spoilable(draw: Any, guide: Guide, *prefixes: str) -> Any:
    """A copy of a resource of the story, and a spot in it of which its profile asks some of these."""
    fitting = []
    for index, resource in enumerate(guide.claiming):
        elements = guide.registry.snapshot(resource["meta"]["profile"][0]).elements
        for place, spot in enumerate(spots(resource, elements)):
            if any(map(spot.asked, prefixes)):
                fitting.append((index, place))
    index, place = draw(st.sampled_from(fitting))
    resource = copy.deepcopy(guide.claiming[index])
    elements = guide.registry.snapshot(resource["meta"]["profile"][0]).elements
    return resource, list(spots(resource, elements))[place]


@given(st.data())
def test_what_is_needed_is_missed(guide: Guide, data: Any) -> None:
    resource, spot = data.draw(spoilable(guide, "min"))
    least = spot.definition["min"]
    if least and len(spot.holder) > 1:
        del spot.holder[spot.name]
        assert ("required", spot.place) in guide.errors(resource)


@given(st.data())
def test_what_is_too_much_is_refused(guide: Guide, data: Any) -> None:
    resource, spot = data.draw(spoilable(guide, "max"))
    most = spot.definition["max"]
    values = spot.holder[spot.name]
    if isinstance(values, list) and most != "*":
        values += [copy.deepcopy(values[0])] * int(most)
        assert ("structure", spot.place) in guide.errors(resource)


@given(st.data())
def test_another_value_than_the_fixed_one_is_refused(guide: Guide, data: Any) -> None:
    resource, spot = data.draw(spoilable(guide, "fixed", "pattern"))
    value = spot.holder[spot.name]
    items = value if isinstance(value, list) else [value]
    if isinstance(items[0], dict):
        items[0].clear()
        items[0]["text"] = "other"
    else:
        spot.holder[spot.name] = "other"
    places = [place for _, place in guide.errors(resource)]
    assert any(place.startswith(spot.place) for place in places), places
