"""FHIRPath's arithmetic operators and string concatenation.

https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.bounded_strings import join_bounded
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Run,
    Scope,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.date_arithmetic import add_duration
from fhir_server.validation.fhirpath.numbers import is_number, number, round_to_integer
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.quantities import (
    QUANTITY_TYPES,
    add_quantities,
    comparable_quantity,
    multiply_or_divide,
)
from fhir_server.validation.fhirpath.static_types import DECIMAL, STRING

INTEGER_MAX = 2**63
DIGITS_MAX = 100
"""Digits of a number that toString() writes out; larger exponents are written in scientific notation."""

Operator = Callable[[Compiled, Compiled], Compiled]
Calculation = Callable[[Any, Any], Any]


def concatenation(left: Compiled, right: Compiled) -> Compiled:
    """&: an empty collection counts as an empty string."""
    run_left, run_right = left.run, right.run

    def run(this: Any, scope: Scope) -> Items:
        texts = [singleton(run_left(this, scope)), singleton(run_right(this, scope))]
        text = join_bounded([text_of(text) for text in texts if text is not None], "")
        scope.count_text_steps(text)
        return (text,)

    return compiled_selection(run, STRING)


def text_of(value: Any) -> str:
    """A value as `toString()` writes it."""
    if value is True or value is False:
        return str(value).lower()
    if is_number(value):
        exact = Decimal(number(value))
        return f"{exact:f}" if abs(exact.adjusted()) < DIGITS_MAX else str(exact)
    if type(value) is str:
        return value
    if type(value) is SystemQuantity:
        return f"{value.value} {value.unit}" if value.calendar else f"{value.value} '{value.unit}'"
    raise FhirPathError("toString() of what has no simple value")


def addition(sign: int) -> Operator:
    """+ and -: numbers, strings, quantities, and durations added to dates and times."""

    def summed(one: Any, other: Any, scope: Scope) -> Any:
        found = _sum(one, other, sign)
        if type(found) is str:
            scope.count_text_steps(found)
        return found

    def add(left: Compiled, right: Compiled) -> Compiled:
        return compiled_selection(
            _of_two(left, right, summed), left.static_type if left.static_type.types else right.static_type
        )

    return add


def _of_two(left: Compiled, right: Compiled, calculated: Callable[[Any, Any, Scope], Any]) -> Run:
    """Calculates with two single values; empty if one of them is empty or there is no result."""
    run_left, run_right = left.run, right.run

    def run(this: Any, scope: Scope) -> Items:
        one, other = singleton(run_left(this, scope)), singleton(run_right(this, scope))
        if one is None or other is None:
            return EMPTY
        found = calculated(one, other, scope)
        return EMPTY if _is_none(found) else (found,)

    return run


def _is_none(found: Any) -> bool:
    """Whether a calculation has no result; an integer overflow has none."""
    return found is None or (type(found) is int and abs(found) > INTEGER_MAX)


def _sum(one: Any, other: Any, sign: int) -> Any:
    if is_number(one) and is_number(other):
        return number(one) + sign * number(other)
    if type(one) is str and type(other) is SystemQuantity:
        return add_duration(one, other, sign)
    if type(one) is str and type(other) is str and sign > 0:
        return join_bounded((one, other), "")
    if comparable_quantity(one) is not None and comparable_quantity(other) is not None:
        return add_quantities(one, other, sign)
    raise FhirPathError("'+' and '-' need two numbers, texts or quantities, or a date and so much time")


def arithmetic(operation: Calculation, of_quantities: Calculation | None = None) -> Operator:
    """* / div mod on numbers; the first two on quantities too."""

    def calculated(one: Any, other: Any, _: Scope) -> Any:
        try:
            return _calculated(one, other, operation, of_quantities)
        except ArithmeticError:
            return None

    def calculate(left: Compiled, right: Compiled) -> Compiled:
        static_type = left.static_type if left.static_type.types & QUANTITY_TYPES else DECIMAL
        return compiled_selection(_of_two(left, right, calculated), static_type)

    return calculate


def _calculated(one: Any, other: Any, operation: Calculation, of_quantities: Calculation | None) -> Any:
    if is_number(one) and is_number(other):
        return operation(number(one), number(other))
    if of_quantities is not None and (type(one) is not str and type(other) is not str):
        return of_quantities(one, other)
    raise FhirPathError("a calculation with what is no number")


def unary_minus(code: Compiled) -> Compiled:
    """Unary minus on a number or quantity."""
    run_code, static_type = code.run, code.static_type

    def run(this: Any, scope: Scope) -> Items:
        value = singleton(run_code(this, scope))
        if value is None:
            return EMPTY
        if type(value) is SystemQuantity:
            return (replace(value, value=-value.value),)
        if not is_number(value):
            raise FhirPathError("'-' before what is no number")
        return (-number(value),)

    return compiled_selection(run, static_type)


ARITHMETIC_OPERATORS: Mapping[str, Operator] = {
    "&": concatenation,
    "+": addition(1),
    "-": addition(-1),
    "*": arithmetic(
        lambda one, other: one * other, lambda one, other: multiply_or_divide(one, other, divided=False)
    ),
    "/": arithmetic(
        lambda one, other: Decimal(one) / Decimal(other),
        lambda one, other: multiply_or_divide(one, other, divided=True),
    ),
    "div": arithmetic(lambda one, other: round_to_integer(Decimal(one) / Decimal(other), ROUND_DOWN)),
    "mod": arithmetic(lambda one, other: Decimal(one) % Decimal(other)),
}
"""By operator symbol."""
