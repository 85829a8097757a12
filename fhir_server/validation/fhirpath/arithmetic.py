"""The operators of FHIRPath that calculate, and that put texts together.

https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.bounded_strings import joined as in_one
from fhir_server.validation.fhirpath.compiled import NOTHING, Code, Items, Run, Scope, selecting, single
from fhir_server.validation.fhirpath.date_arithmetic import later
from fhir_server.validation.fhirpath.numbers import is_number, number, whole
from fhir_server.validation.fhirpath.parser import Measure
from fhir_server.validation.fhirpath.quantities import QUANTITIES, added, measured, scaled
from fhir_server.validation.fhirpath.static_types import DECIMAL, STRING

INTEGER_MAX = 2**63
DIGITS_MAX = 100
"""Of a number that is written out; one with a vast exponent keeps that."""

Operator = Callable[[Code, Code], Code]
Calculation = Callable[[Any, Any], Any]


def joined(left: Code, right: Code) -> Code:
    """&, for which what is empty is an empty text"""
    run_left, run_right = left.run, right.run

    def run(this: Any, scope: Scope) -> Items:
        texts = [single(run_left(this, scope)), single(run_right(this, scope))]
        text = in_one([text_of(text) for text in texts if text is not None], "")
        scope.spend_text(text)
        return (text,)

    return selecting(run, STRING)


def text_of(value: Any) -> str:
    """A value as toString() writes it."""
    if value is True or value is False:
        return str(value).lower()
    if is_number(value):
        exact = Decimal(number(value))
        return f"{exact:f}" if abs(exact.adjusted()) < DIGITS_MAX else str(exact)
    if type(value) is str:
        return value
    if type(value) is Measure:
        return f"{value.value} {value.unit}" if value.calendar else f"{value.value} '{value.unit}'"
    raise FhirPathError("toString() of what has no simple value")


def adds(sign: int) -> Operator:
    """+ and -: numbers, texts, and calendar units to dates"""

    def summed(one: Any, other: Any, scope: Scope) -> Any:
        found = _sum(one, other, sign)
        if type(found) is str:
            scope.spend_text(found)
        return found

    def add(left: Code, right: Code) -> Code:
        return selecting(_of_two(left, right, summed), left.shape if left.shape.types else right.shape)

    return add


def _of_two(left: Code, right: Code, calculated: Callable[[Any, Any, Scope], Any]) -> Run:
    """What is calculated of two single values: nothing where one of them lacks, or there is no result."""
    run_left, run_right = left.run, right.run

    def run(this: Any, scope: Scope) -> Items:
        one, other = single(run_left(this, scope)), single(run_right(this, scope))
        if one is None or other is None:
            return NOTHING
        found = calculated(one, other, scope)
        return NOTHING if _is_none(found) else (found,)

    return run


def _is_none(found: Any) -> bool:
    """Whether a calculation has no result, which one that is too large for an integer has not."""
    return found is None or (type(found) is int and abs(found) > INTEGER_MAX)


def _sum(one: Any, other: Any, sign: int) -> Any:
    if is_number(one) and is_number(other):
        return number(one) + sign * number(other)
    if type(one) is str and type(other) is Measure:
        return later(one, other, sign)
    if type(one) is str and type(other) is str and sign > 0:
        return in_one((one, other), "")
    if measured(one) is not None and measured(other) is not None:
        return added(one, other, sign)
    raise FhirPathError("'+' and '-' need two numbers, texts or quantities, or a date and so much time")


def calculates(operation: Calculation, of_quantities: Calculation | None = None) -> Operator:
    """* / div mod, on numbers, and the first two on quantities"""

    def calculated(one: Any, other: Any, _: Scope) -> Any:
        try:
            return _calculated(one, other, operation, of_quantities)
        except ArithmeticError:
            return None

    def calculate(left: Code, right: Code) -> Code:
        shape = left.shape if left.shape.types & QUANTITIES else DECIMAL
        return selecting(_of_two(left, right, calculated), shape)

    return calculate


def _calculated(one: Any, other: Any, operation: Calculation, of_quantities: Calculation | None) -> Any:
    if is_number(one) and is_number(other):
        return operation(number(one), number(other))
    if of_quantities is not None and (type(one) is not str and type(other) is not str):
        return of_quantities(one, other)
    raise FhirPathError("a calculation with what is no number")


def negative(code: Code) -> Code:
    """- before a number or a quantity"""
    run_code, shape = code.run, code.shape

    def run(this: Any, scope: Scope) -> Items:
        value = single(run_code(this, scope))
        if value is None:
            return NOTHING
        if type(value) is Measure:
            return (replace(value, value=-value.value),)
        if not is_number(value):
            raise FhirPathError("'-' before what is no number")
        return (-number(value),)

    return selecting(run, shape)


ARITHMETIC: Mapping[str, Operator] = {
    "&": joined,
    "+": adds(1),
    "-": adds(-1),
    "*": calculates(lambda one, other: one * other, lambda one, other: scaled(one, other, divided=False)),
    "/": calculates(
        lambda one, other: Decimal(one) / Decimal(other), lambda one, other: scaled(one, other, divided=True)
    ),
    "div": calculates(lambda one, other: whole(Decimal(one) / Decimal(other), ROUND_DOWN)),
    "mod": calculates(lambda one, other: Decimal(one) % Decimal(other)),
}
"""By their symbols and words."""
