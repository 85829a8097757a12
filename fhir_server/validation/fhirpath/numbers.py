"""Exact numbers in FHIRPath expressions.

https://hl7.org/fhirpath/N1/#decimal
"""

from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from fhir_server.core import json

DIGITS_MAX = 28


def is_number(value: Any) -> bool:
    """Whether a value is a number, from JSON or from an expression."""
    kind = type(value)
    return kind is int or kind is msgspec.Raw or kind is Decimal


def number(value: Any) -> int | Decimal:
    """The exact value of a number."""
    return json.decimal(value) if type(value) is msgspec.Raw else value


def round_to_integer(value: Decimal, rounding: str) -> int:
    """Round to an integer. Raises `InvalidOperation` for a number with more than `DIGITS_MAX` digits."""
    if value.adjusted() > DIGITS_MAX:
        raise InvalidOperation
    return int(value.to_integral_value(rounding))
