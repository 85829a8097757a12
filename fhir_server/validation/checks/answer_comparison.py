"""Comparison of answers: order, equality, and text for messages.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen.operator
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from fhir_server.core import json, ucum
from fhir_server.core.temporal import period_of
from fhir_server.validation.findings import excerpt

_UTC = ZoneInfo("UTC")
DATES = frozenset({"Date", "DateTime", "Instant"})


def compared(type: str, one: Any, other: Any) -> int | None:
    """Compare two values of a type: -1, 0 or 1; None if their order is unknown."""
    if type == "Quantity":
        return _compared_quantities(one, other)
    if json.is_number(one) and json.is_number(other):
        return _order(json.decimal(one), json.decimal(other))
    if type in DATES:
        try:
            return _order(period_of(one, _UTC)[0], period_of(other, _UTC)[0])
        except (ValueError, TypeError):
            return None
    if isinstance(one, str) and isinstance(other, str):
        return _order(one, other)
    return None


def equal(type: str, one: Any, other: Any) -> bool:
    """Whether two values of a type are the same answer."""
    if type == "Coding":
        return same_coding(one, other)
    if type == "Reference":
        return bool(one.get("reference") == other.get("reference"))
    order = compared(type, one, other)
    return bool(one == other) if order is None else order == 0


def same_coding(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two Codings mean the same code of the same system."""
    return one.get("code") == other.get("code") and one.get("system") == other.get("system")


def fits(type: str, answer: Any, wanted: Any) -> bool:
    """Whether an answer is the expected value; an expected code without a system matches any system."""
    if type == "Coding" and "system" not in wanted:
        return bool(answer.get("code") == wanted.get("code"))
    return equal(type, wanted, answer)


def shown(value: Any) -> str:
    """A value as quoted in a message; of a Coding or Quantity only the identifying parts."""
    if isinstance(value, Mapping):
        if "code" in value and "value" not in value:
            return excerpt(f"{value.get('system', '')}|{value['code']}")
        if "value" in value:
            return f"{excerpt(value['value'])} {value.get('unit') or value.get('code') or ''}".rstrip()
        if "reference" in value:
            return excerpt(value["reference"])
    return excerpt(str(value)) if isinstance(value, Decimal) else excerpt(value)


def _compared_quantities(one: Mapping[str, Any], other: Mapping[str, Any]) -> int | None:
    if "value" not in one or "value" not in other:
        return None
    values = [json.decimal(one["value"]), json.decimal(other["value"])]
    if _unit(one) != _unit(other):
        in_base = [_in_base_units(quantity) for quantity in (one, other)]
        if in_base[0] is None or in_base[1] is None or in_base[0][0] != in_base[1][0]:
            return None
        values = [in_base[0][1], in_base[1][1]]
    return _order(*values)


def _unit(quantity: Mapping[str, Any]) -> tuple[Any, Any]:
    if "code" in quantity:
        return quantity.get("system"), quantity["code"]
    return None, quantity.get("unit")


def _in_base_units(quantity: Mapping[str, Any]) -> tuple[str, Decimal] | None:
    if quantity.get("system") != ucum.SYSTEM or "code" not in quantity:
        return None
    canonical = ucum.canonical(quantity["code"])
    value = canonical.value(json.decimal(quantity["value"])) if canonical else None
    return None if canonical is None or value is None else (canonical.unit, value)


def _order(one: Any, other: Any) -> int:
    # A difference would be rounded, or beyond what Python calculates with.
    return int(one > other) - int(one < other)
