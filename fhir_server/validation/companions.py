"""Primitive elements and the companions with an underscore that hold their ids and extensions.

https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.validation import messages
from fhir_server.validation.findings import FINDINGS_MAX, Check, Finding, Findings, moved
from fhir_server.validation.nodes import list_wanted
from fhir_server.validation.scope import Scope


class PrimitiveList:
    """Checks an array of primitive values; null may stand where the companion array has an object."""

    __slots__ = ("_check_item", "_name")

    def __init__(self, name: str, check_item: Check) -> None:
        self._name = name
        self._check_item = check_item

    def check(self, value: Any, holder: dict[str, Any], scope: Scope) -> Findings:
        if type(value) is not list:
            return list_wanted(value)
        if not value:
            return [Finding("structure", messages.EMPTY_LIST())]
        check_item = self._check_item
        for item in value:
            if check_item(item, None, scope) is not None:
                return self._every_finding(value, _listed(holder.get(f"_{self._name}")), scope)
        return None

    def _every_finding(self, values: list[Any], companions: list[Any], scope: Scope) -> Findings:
        """The findings of every item, now that there may be some."""
        accompanied = {index for index, companion in enumerate(companions) if companion is not None}
        items = (
            (index, item) for index, item in enumerate(values) if item is not None or index not in accompanied
        )
        return _item_findings(items, self._check_item, self._name, scope) or None


class CompanionList:
    """Checks the companion array of an array of primitive values. Nulls beyond the last value say nothing."""

    __slots__ = ("_check_item", "_name")

    def __init__(self, name: str, check_item: Check) -> None:
        self._name = name
        self._check_item = check_item

    def check(self, value: Any, holder: dict[str, Any], scope: Scope) -> Findings:
        if type(value) is not list:
            return list_wanted(value)
        if not value:
            return [Finding("structure", messages.EMPTY_LIST())]
        values = holder.get(self._name)
        found: list[Finding] = []
        if type(values) is list and (len(values) > len(value) or any(value[len(values) :])):
            lengths = messages.LENGTHS_DIFFER(name=self._name, values=len(values), companions=len(value))
            found.append(Finding("structure", lengths))
        # the values' own check finds a null that has nothing beside it
        nulls_count = type(values) is not list
        items = ((index, item) for index, item in enumerate(value) if item is not None or nulls_count)
        return found + _item_findings(items, self._check_item, self._name, scope) or None


def _item_findings(
    items: Iterable[tuple[int, Any]], check_item: Check, name: str, scope: Scope
) -> list[Finding]:
    """What is wrong with the items of an array, each given with its index; null is none."""
    found: list[Finding] = []
    for index, item in items:
        if item is None:
            below: Findings = [Finding("structure", messages.NULL_ITEM(name=name))]
        else:
            below = check_item(item, None, scope)
        if below is not None:
            found += moved(below, f"[{index}]")
        if len(found) >= FINDINGS_MAX:
            break
    return found


def _listed(companions: Any) -> list[Any]:
    return companions if type(companions) is list else []
