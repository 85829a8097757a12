"""Units of the Unified Code for Units of Measure (UCUM), converted exactly to base units.

https://ucum.org/ucum
"""

import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Context, Decimal
from fractions import Fraction
from functools import lru_cache

from fhir_server.core.ucum_units import METRIC, PREFIXES, SPECIAL, UNITS

SYSTEM = "http://unitsofmeasure.org"

UNIT_LENGTH_MAX = 64
EXPONENT_MAX = 24
_DEPTH_MAX = 8
_DIGITS = 34
"""Digits of a value without a finite decimal, such as a third. The number is fixed, so that rounding never
reverses the order of two values."""
_MAGNITUDE_MAX = 400
"""The most digits before or after the decimal point; no measurement has more."""
_FACTOR_BITS_MAX = 4096
"""The most bits of a factor's numerator or denominator; those of units in use have far fewer."""

_TOKEN = re.compile(r"[/.()]|\{[^{}]*\}|(?:\[[^\[\]]*\]|[^/.(){}\[\]\s])+")
_POWER = re.compile(r"(?P<atom>10[*^]|.*?[^0-9+-]|)(?P<power>[+-]?\d+)?")


class UnknownUnit(ValueError):
    """The text is no unit, or one that is not supported."""


@dataclass(frozen=True, slots=True)
class Term:
    """A factor times a product of base units, each to a power."""

    factor: Fraction = Fraction(1)
    powers: Mapping[str, int] = field(default_factory=dict)

    def times(self, other: "Term", power: int = 1) -> "Term":
        """The product with another term to a power."""
        powers = Counter(self.powers)
        for unit, exponent in other.powers.items():
            powers[unit] += exponent * power
        return Term(
            self.factor * other.factor**power,
            {unit: exponent for unit, exponent in powers.items() if exponent},
        )


@dataclass(frozen=True, slots=True)
class Canonical:
    """The conversion of values in some unit to base units: times `factor`, plus `offset`."""

    unit: str
    factor: Fraction
    offset: Fraction = Fraction(0)

    def value(self, value: Decimal) -> Decimal | None:
        """The value in base units, exact if it is a finite decimal; None if it exceeds the magnitude
        limit.
        """
        _, digits, exponent = value.as_tuple()
        if max(abs(int(exponent)), len(digits)) > _MAGNITUDE_MAX:
            return None
        if self.factor == 1 and not self.offset:
            return value
        return _decimal(Fraction(value) * self.factor + self.offset)


def _decimal(value: Fraction) -> Decimal:
    places = _places(value.denominator)
    if places is None:
        return Context(prec=_DIGITS).divide(Decimal(value.numerator), Decimal(value.denominator))
    digits = Decimal(value.numerator * 10**places // value.denominator).as_tuple()
    return Decimal((digits.sign, digits.digits, -places))


def _places(denominator: int) -> int | None:
    """The number of decimal places of a fraction; None if it is not a finite decimal."""
    powers = []
    for prime in (2, 5):
        power = 0
        while denominator % prime == 0:
            denominator, power = denominator // prime, power + 1
        powers.append(power)
    return max(powers) if denominator == 1 else None


@lru_cache(maxsize=4096)
def canonical(unit: str) -> Canonical | None:
    """The conversion of values in a unit to base units; None for an unknown unit."""
    if len(unit) > UNIT_LENGTH_MAX or not unit.isascii():
        return None
    special = SPECIAL.get(unit)
    if special:
        return Canonical(*special)
    try:
        term = _Reader(unit).read()
    except UnknownUnit:
        return None
    if max(term.factor.numerator.bit_length(), term.factor.denominator.bit_length()) > _FACTOR_BITS_MAX:
        return None
    return Canonical(_unit_of(term.powers), term.factor)


def _unit_of(powers: Mapping[str, int]) -> str:
    """The unit made of base units with their powers, in alphabetical order; `1` for none."""
    parts = [unit if power == 1 else f"{unit}{power}" for unit, power in sorted(powers.items())]
    return ".".join(parts) or "1"


class _Reader:
    """Parses a unit from left to right: `main-term: "/" term | term`, `term: component (op component)*`."""

    def __init__(self, text: str) -> None:
        self._tokens = _TOKEN.findall(text)
        self._position = 0
        if not text or "".join(self._tokens) != text:
            raise UnknownUnit(text)

    def read(self) -> Term:
        term = self._term(0)
        if self._position < len(self._tokens):
            raise UnknownUnit
        return term

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _term(self, depth: int) -> Term:
        """Multiplication and division have equal precedence, from left to right."""
        if depth > _DEPTH_MAX:
            raise UnknownUnit
        term, power = Term(), 1
        if self._peek() == "/":
            self._position, power = self._position + 1, -1
        while True:
            term = term.times(self._component(depth), power)
            operator = self._peek()
            if operator not in ("/", "."):
                return term
            self._position, power = self._position + 1, -1 if operator == "/" else 1

    def _component(self, depth: int) -> Term:
        token = self._peek()
        self._position += 1
        if token == "(":
            term = self._term(depth + 1)
            if self._peek() != ")":
                raise UnknownUnit
            self._position += 1
        elif token.startswith("{"):
            return Term()
        elif token in ("", "/", ".", ")"):
            raise UnknownUnit
        else:
            term = _simple(token)
        if self._peek().startswith("{"):
            self._position += 1
        return term


def _simple(token: str) -> Term:
    """Parse a number, or a unit with its prefix and power."""
    if token.isdecimal() and int(token):
        return Term(Fraction(int(token)))
    found = _POWER.fullmatch(token)
    power = int(found["power"] or 1) if found else 0
    if found is None or not 0 < abs(power) <= EXPONENT_MAX:
        raise UnknownUnit(token)
    return Term().times(_atom(found["atom"]), power)


def _atom(name: str) -> Term:
    """A unit of the tables, or a metric unit with a prefix."""
    if name in UNITS:
        return _defined(name)
    for prefix, exponent in PREFIXES.items():
        rest = name[len(prefix) :]
        if name.startswith(prefix) and rest in METRIC:
            return Term(Fraction(10) ** exponent).times(_defined(rest))
    raise UnknownUnit(name)


def _defined(name: str) -> Term:
    value, unit = UNITS[name]
    if not unit:
        return Term(powers={name: 1})
    term = Term() if unit == "1" else _Reader(unit).read()
    return Term(Fraction(value)).times(term)
