"""Structural checks of a parsed resource: JSON objects, arrays of objects, and choices.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import (
    FINDINGS_MAX,
    Check,
    Finding,
    Findings,
    prefixed,
    quoted_list,
    wrong_json_type,
)
from fhir_server.validation.unknown_elements import unknown_element

Property = tuple[Check, str]
"""A property's check and the FHIRPath step to its element."""

ObjectRule = Callable[[dict[str, Any]], Findings]
"""Checks an object as a whole."""


@dataclass(frozen=True, slots=True)
class Required:
    """A required element, under its usual JSON name or one of the others."""

    element: str
    usual: str
    others: tuple[str, ...]


class ObjectNode:
    """Checks one JSON object against the elements of its type.

    `define` is separate from the constructor because types refer to each other. With `allows_id_only`, an
    object that has only an id is not empty: it is the companion of a primitive, whose value is elsewhere.
    """

    __slots__ = ("_allows_id_only", "_choices", "_owner", "_properties", "_required", "_rules")

    def __init__(self, owner: str, allows_id_only: bool = False) -> None:
        self._owner = owner
        self._allows_id_only = allows_id_only
        self.define({})

    def define(
        self,
        properties: Mapping[str, Property],
        required: tuple[Required, ...] = (),
        choices: Mapping[str, tuple[str, ...]] | None = None,
        rules: tuple[ObjectRule, ...] = (),
    ) -> None:
        """Set what the object may hold; `choices` maps each choice element to its JSON names."""
        self._properties = properties
        self._required = tuple((element.usual, element) for element in required)
        self._choices = choices or {}
        self._rules = rules

    def check(self, value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        if type(value) is not dict:
            return wrong_json_type(messages.AN_OBJECT(), value)
        if len(value) < 2 and (not value or ("id" in value and not self._allows_id_only)):
            return [Finding("structure", messages.EMPTY_OBJECT())]
        properties = self._properties
        found: list[Finding] | None = None
        for name, child in value.items():
            try:
                check, step = properties[name]
            except KeyError:
                more = [unknown_element(name, self._owner, properties, self._choices)]
            else:
                if (below := check(child, value, contained_types)) is None:
                    continue
                more = prefixed(below, step)
            found = more if found is None else found + more
            if len(found) >= FINDINGS_MAX:
                return found
        for usual, element in self._required:
            if usual not in value and not any(name in value for name in element.others):
                found = [*(found or ()), self._missing(element)]
        for rule in self._rules:
            if (below := rule(value)) is not None:
                found = [*(found or ()), *below]
        return found

    def _missing(self, element: Required) -> Finding:
        names = self._choices.get(element.element)
        if names:
            text = messages.MISSING_CHOICE(owner=self._owner, names=quoted_list(names))
        else:
            text = messages.MISSING(name=element.element, owner=self._owner)
        return Finding("required", text, f".{element.element}")


def object_list_check(check_item: Check) -> Check:
    """The check of an array of objects by a check of one object."""

    def check(value: Any, _: Any, contained_types: ContainedTypes) -> Findings:
        if type(value) is not list or not value:
            return list_wanted(value)
        found: list[Finding] = []
        for index, item in enumerate(value):
            if (below := check_item(item, None, contained_types)) is not None:
                found += prefixed(below, f"[{index}]")
                if len(found) >= FINDINGS_MAX:
                    break
        return found or None

    return check


def list_wanted(value: Any) -> list[Finding]:
    """The finding for a null, empty array or single value where a non-empty array is required."""
    if value is None:
        return [Finding("structure", messages.NULL_VALUE())]
    text = messages.EMPTY_LIST() if type(value) is list else messages.LIST_WANTED()
    return [Finding("structure", text)]


def choice_check(check_value: Check, element: str, mine: str, names: tuple[str, ...]) -> Check:
    """The check of one type of a choice element: its value, and that no other type is present.

    `mine` is its JSON name and `names` those of the whole choice. If several are present, only the first
    reports it.
    """
    group = frozenset(names) | {f"_{name}" for name in names}
    others = group - {mine, f"_{mine}"}

    def check(value: Any, holder: dict[str, Any], contained_types: ContainedTypes) -> Findings:
        found = check_value(value, holder, contained_types)
        if others.isdisjoint(holder):
            return found
        given = [name for name in holder if name in group]
        if given[0] not in (mine, f"_{mine}"):
            return found
        twice = Finding("structure", messages.CHOICE_TWICE(element=element, names=quoted_list(given)))
        return [*(found or ()), twice]

    return check
