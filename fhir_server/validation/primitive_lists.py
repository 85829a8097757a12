"""Arrays of primitive values, and their companion arrays (`_name`) with the ids and extensions.

https://hl7.org/fhir/R4/json.html#primitive
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes
from fhir_server.validation.findings import FINDINGS_MAX, Check, Finding, Findings, prefixed
from fhir_server.validation.nodes import list_wanted


def primitive_list_check(name: str, check_item: Check) -> Check:
    """The check of an array of primitive values; null is allowed where the companion array has an object."""

    def check(value: Any, holder: dict[str, Any], contained_types: ContainedTypes) -> Findings:
        if type(value) is not list or not value:
            return list_wanted(value)
        for item in value:
            if check_item(item, None, contained_types) is not None:
                items = _unaccompanied(value, holder.get(f"_{name}"))
                return _item_findings(items, check_item, name, contained_types) or None
        return None

    return check


def _unaccompanied(values: list[Any], companions: Any) -> Iterator[tuple[int, Any]]:
    """The values with their indexes, except nulls that have a companion."""
    beside = companions if type(companions) is list else []
    for index, value in enumerate(values):
        if value is not None or index >= len(beside) or beside[index] is None:
            yield index, value


def companion_list_check(name: str, check_item: Check) -> Check:
    """The check of the companion array of an array of primitive values. Nulls beyond the last value are
    ignored.
    """

    def check(value: Any, holder: dict[str, Any], contained_types: ContainedTypes) -> Findings:
        if type(value) is not list or not value:
            return list_wanted(value)
        values = holder.get(name)
        found: list[Finding] = []
        if type(values) is list and (len(values) > len(value) or any(value[len(values) :])):
            lengths = messages.LENGTHS_DIFFER(name=name, values=len(values), companions=len(value))
            found.append(Finding("structure", lengths))
        # a null without a companion is reported by the check of the values
        nulls_count = type(values) is not list
        items = ((index, item) for index, item in enumerate(value) if item is not None or nulls_count)
        return found + _item_findings(items, check_item, name, contained_types) or None

    return check


def _item_findings(
    items: Iterable[tuple[int, Any]], check_item: Check, name: str, contained_types: ContainedTypes
) -> list[Finding]:
    """The findings of array items, given with their indexes; a null is a finding."""
    found: list[Finding] = []
    for index, item in items:
        if item is None:
            below: Findings = [Finding("structure", messages.NULL_ITEM(name=name))]
        else:
            below = check_item(item, None, contained_types)
        if below is not None:
            found += prefixed(below, f"[{index}]")
        if len(found) >= FINDINGS_MAX:
            break
    return found
