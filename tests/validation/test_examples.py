"""Every way of spoiling one of HL7's own examples is noticed at its place."""

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from hypothesis import assume, given
from hypothesis import strategies as st

from fhir_server.core.json import parse
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue

FILES = sorted((Path(__file__).parent.parent / "data" / "hl7-r4").glob("*.json"))

# its id has 67 characters, three more than R4 allows
TOO_LONG_AN_ID = "questionnaireresponse-extensions-QuestionnaireResponse-item-subject"

SMALL = [file for file in FILES if file.stat().st_size < 12_000 and file.stem != TOO_LONG_AN_ID]

Validate = Callable[[Any], list[Issue]]
Json = dict[str, Any]


class Slot:
    """A property of an example: the object that holds it, its definition and its place."""

    def __init__(self, holder: Json, name: str, element: Element, parent: str) -> None:
        self.holder = holder
        self.name = name
        self.element = element
        self.parent = parent
        type_ = f".ofType({element.json_names()[name].code})" if element.choice else ""
        self.place = f"{parent}.{element.name}{type_}"

    @property
    def value(self) -> Any:
        return self.holder[self.name]


def slots(registry: Registry, holder: Json, elements: Any, place: str) -> Iterator[Slot]:
    """Every property of the object that has a definition, and those within."""
    by_name = {name: (e, ref) for e in elements.values() for name, ref in e.json_names().items()}
    for name in [name for name in holder if name in by_name]:
        element, ref = by_name[name]
        slot = Slot(holder, name, element, place)
        yield slot
        values = holder[name]
        for index, value in enumerate(values if isinstance(values, list) else [values]):
            if isinstance(value, dict) and ref.code != "Resource":
                inner = element.children or registry.type(ref.code).elements
                item = f"{slot.place}[{index}]" if isinstance(values, list) else slot.place
                yield from slots(registry, value, inner, item)


@st.composite
def chosen_slot(draw: Any, registry: Registry, wanted: Callable[[Slot], bool] = lambda _: True) -> Any:
    """A fresh copy of some example, and one of its slots that is wanted."""
    resource = parse(draw(st.sampled_from(SMALL)).read_bytes())
    type_name = resource["resourceType"]
    elements = registry.type(type_name).elements
    found = [slot for slot in slots(registry, resource, elements, type_name) if wanted(slot)]
    return (resource, draw(st.sampled_from(found))) if found else (resource, None)


def places(validate: Validate, resource: Json) -> list[str]:
    return [issue.expression[0] for issue in validate(resource)]


@given(st.data())
def test_a_renamed_element_is_unknown(registry: Registry, validate: Validate, data: Any) -> None:
    resource, slot = data.draw(chosen_slot(registry))
    slot.holder[slot.name + "Zz"] = slot.holder.pop(slot.name)
    assert f"{slot.parent}.{slot.name}Zz" in places(validate, resource)


@given(st.data())
def test_a_required_element_that_is_dropped_is_missed(
    registry: Registry, validate: Validate, data: Any
) -> None:
    resource, slot = data.draw(chosen_slot(registry, lambda s: s.element.min > 0 and len(s.holder) > 2))
    assume(slot is not None)
    del slot.holder[slot.name]
    slot.holder.pop(f"_{slot.name}", None)
    missing = f"{slot.parent}.{slot.element.name}"
    issues = {issue.expression[0]: issue.code for issue in validate(resource)}
    assert issues.get(missing) == "required", issues


@given(st.data())
def test_a_single_value_in_a_list_and_a_list_for_a_single_value(
    registry: Registry, validate: Validate, data: Any
) -> None:
    resource, slot = data.draw(chosen_slot(registry))
    slot.holder[slot.name] = slot.value[0] if slot.element.is_list else [slot.value]
    assert slot.place in places(validate, resource)


@given(st.data(), st.sampled_from([None, "", [], {}]))
def test_an_emptied_element_is_refused(registry: Registry, validate: Validate, data: Any, empty: Any) -> None:
    resource, slot = data.draw(chosen_slot(registry))
    slot.holder[slot.name] = copy.deepcopy(empty)
    assert slot.place in places(validate, resource)


@given(st.data())
def test_another_kind_of_value_is_refused(registry: Registry, validate: Validate, data: Any) -> None:
    resource, slot = data.draw(chosen_slot(registry, lambda s: not s.element.is_list))
    slot.holder[slot.name] = {"zz": 1} if not isinstance(slot.value, dict) else "zz"
    assert slot.place in places(validate, resource)


@given(st.data())
def test_a_doubled_choice_is_refused(registry: Registry, validate: Validate, data: Any) -> None:
    resource, slot = data.draw(chosen_slot(registry, lambda s: s.element.choice))
    assume(slot is not None)
    other = next((name for name in slot.element.json_names() if name not in slot.holder), None)
    assume(other is not None)
    slot.holder[other] = slot.value
    assert slot.place in places(validate, resource)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, st.data())
def test_any_json_in_any_place_gives_issues_and_never_an_error(
    registry: Registry, validate: Validate, value: Any, data: Any
) -> None:
    resource, slot = data.draw(chosen_slot(registry))
    slot.holder[slot.name] = value
    for issue in validate(resource):
        assert issue.text.render("fr")
        assert issue.text.render("en")
        assert issue.expression[0].startswith(resource["resourceType"])


@given(JSON)
def test_any_json_as_a_resource_gives_issues_and_never_an_error(validate: Validate, value: Any) -> None:
    assert validate(value)
    assert validate({"resourceType": "Patient", "zzz": value})
    assert all(issue.text.render() for issue in validate({"resourceType": "Bundle", "entry": value}))
