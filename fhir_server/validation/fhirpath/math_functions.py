"""FHIRPath's math functions, on one number or quantity.

https://hl7.org/fhirpath/N1/#math
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Scope,
    compiled_selection,
    singleton,
)
from fhir_server.validation.fhirpath.numbers import is_number, number, round_to_integer
from fhir_server.validation.fhirpath.parser import SystemQuantity
from fhir_server.validation.fhirpath.static_types import DECIMAL, INTEGER, StaticType

PLACES_MAX = 28
EXPONENT_MAX = 1000


def _whole(rounding: str) -> Callable[[Decimal], int]:
    return lambda value: round_to_integer(value, rounding)


def _rounded(value: Decimal, precision: Decimal = Decimal(0)) -> Decimal:
    places = int(precision)
    if not 0 <= places <= PLACES_MAX:
        raise FhirPathError(f"round() to between 0 and {PLACES_MAX} places")
    return value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP)


def _power(value: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > EXPONENT_MAX:
        raise FhirPathError(f"power() of more than {EXPONENT_MAX}")
    return value**exponent


MATH_FUNCTIONS: Mapping[str, tuple[Callable[..., Any], StaticType, range]] = {
    "abs": (abs, DECIMAL, range(1)),
    "ceiling": (_whole(ROUND_CEILING), INTEGER, range(1)),
    "floor": (_whole(ROUND_FLOOR), INTEGER, range(1)),
    "truncate": (_whole(ROUND_DOWN), INTEGER, range(1)),
    "round": (_rounded, DECIMAL, range(2)),
    "sqrt": (Decimal.sqrt, DECIMAL, range(1)),
    "exp": (Decimal.exp, DECIMAL, range(1)),
    "ln": (Decimal.ln, DECIMAL, range(1)),
    "log": (lambda value, base: value.ln() / base.ln(), DECIMAL, range(1, 2)),
    "power": (_power, DECIMAL, range(1, 2)),
}
"""By name: the function of a number and the arguments, the result's type, and the allowed argument counts."""


def math_function(name: str, left: Compiled, arguments: tuple[Compiled, ...]) -> Compiled:
    """Compile a math function. The result is empty if the number or an argument is, or if it is undefined."""
    function, static_type, _ = MATH_FUNCTIONS[name]
    run_left, runs = left.run, tuple(argument.run for argument in arguments)

    def run(this: Any, scope: Scope) -> Items:
        values = [singleton(argument(this, scope)) for argument in (run_left, *runs)]
        if None in values:
            return EMPTY
        try:
            found = _applied(name, function, *values)
        except ArithmeticError:
            return EMPTY
        return EMPTY if type(found) is Decimal and not found.is_finite() else (found,)

    return compiled_selection(run, static_type)


def _applied(name: str, function: Callable[..., Any], value: Any, *given: Any) -> Any:
    if type(value) is SystemQuantity and name == "abs":
        return replace(value, value=abs(value.value))
    if not all(map(is_number, (value, *given))):
        raise FhirPathError(f"{name}() of what is no number")
    if name == "abs":
        return abs(number(value))
    return function(Decimal(number(value)), *(Decimal(number(argument)) for argument in given))
