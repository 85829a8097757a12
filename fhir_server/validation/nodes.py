"""What walks a parsed resource: objects, lists of objects, choices.

https://hl7.org/fhir/R4/json.html
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.validation import messages
from fhir_server.validation.contained_types import Scope
from fhir_server.validation.findings import (
    FINDINGS_MAX,
    Check,
    Finding,
    Findings,
    listed,
    moved,
    wrong_json_type,
)
from fhir_server.validation.unknown_elements import unknown_element

Property = tuple[Check, str]
"""A property's check and the FHIRPath step to its element."""

Rule = Callable[[dict[str, Any]], Findings]
"""Checks an object as a whole."""


@dataclass(frozen=True, slots=True)
class Required:
    """An element that must be there, under its usual JSON name or one of the others."""

    element: str
    usual: str
    others: tuple[str, ...]


class ObjectNode:
    """Checks one JSON object against the elements that its type has.

    It is defined apart from its construction, because types refer to each other. Where it `may_be_bare`, an
    id alone is no empty element: the companion of a primitive, whose value stands elsewhere.
    """

    __slots__ = ("_choices", "_may_be_bare", "_owner", "_properties", "_required", "_rules")

    def __init__(self, owner: str, may_be_bare: bool = False) -> None:
        self._owner = owner
        self._may_be_bare = may_be_bare
        self.define({})

    def define(
        self,
        properties: Mapping[str, Property],
        required: tuple[Required, ...] = (),
        choices: Mapping[str, tuple[str, ...]] | None = None,
        rules: tuple[Rule, ...] = (),
    ) -> None:
        """Say what the object may hold; `choices` gives the JSON names of each choice element."""
        self._properties = properties
        self._required = tuple((element.usual, element) for element in required)
        self._choices = choices or {}
        self._rules = rules

    def check(self, value: Any, _: Any, scope: Scope) -> Findings:
        if type(value) is not dict:
            return wrong_json_type(messages.AN_OBJECT(), value)
        if len(value) < 2 and (not value or ("id" in value and not self._may_be_bare)):
            return [Finding("structure", messages.EMPTY_OBJECT())]
        properties = self._properties
        found: list[Finding] | None = None
        for name, child in value.items():
            try:
                check, step = properties[name]
            except KeyError:
                more = [unknown_element(name, self._owner, properties, self._choices)]
            else:
                if (below := check(child, value, scope)) is None:
                    continue
                more = moved(below, step)
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
            text = messages.MISSING_CHOICE(owner=self._owner, names=listed(names))
        else:
            text = messages.MISSING(name=element.element, owner=self._owner)
        return Finding("required", text, f".{element.element}")


def object_list_check(check_item: Check) -> Check:
    """The check of an array of objects, each by the same check."""

    def check(value: Any, _: Any, scope: Scope) -> Findings:
        if type(value) is not list or not value:
            return list_wanted(value)
        found: list[Finding] = []
        for index, item in enumerate(value):
            if (below := check_item(item, None, scope)) is not None:
                found += moved(below, f"[{index}]")
                if len(found) >= FINDINGS_MAX:
                    break
        return found or None

    return check


def list_wanted(value: Any) -> list[Finding]:
    """The finding that null, an empty array or a single value stands where an array with items must."""
    if value is None:
        return [Finding("structure", messages.NULL_VALUE())]
    text = messages.EMPTY_LIST() if type(value) is list else messages.LIST_WANTED()
    return [Finding("structure", text)]


def choice_check(check_value: Check, element: str, mine: str, names: tuple[str, ...]) -> Check:
    """The check of one type of a choice: its value, and that no other type is given beside it.

    `mine` is its JSON name and `names` those of the whole choice. Of several given, the first reports.
    """
    group = frozenset(names) | {f"_{name}" for name in names}
    others = group - {mine, f"_{mine}"}

    def check(value: Any, holder: dict[str, Any], scope: Scope) -> Findings:
        found = check_value(value, holder, scope)
        if others.isdisjoint(holder):
            return found
        given = [name for name in holder if name in group]
        if given[0] not in (mine, f"_{mine}"):
            return found
        twice = Finding("structure", messages.CHOICE_TWICE(element=element, names=listed(given)))
        return [*(found or ()), twice]

    return check
