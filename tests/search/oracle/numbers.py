"""Numbers and quantities. https://hl7.org/fhir/R4/search.html#number and #quantity"""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tests.search.oracle.ranges import (
    AFTER,
    AT,
    BEFORE,
    INFINITY,
    Bound,
    Range,
    fits,
    half_open,
    point,
    split_prefix,
)
from tests.search.oracle.texts import split, unescape

NUMBER = re.compile(r"[+-]?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?", re.ASCII)
CURRENCIES = "urn:iso:std:iso:4217"
UCUM = "http://unitsofmeasure.org"
FACTORS = {
    "mg": (Fraction(1, 1000), "g"),
    "g": (Fraction(1), "g"),
    "kg": (Fraction(1000), "g"),
    "min": (Fraction(60), "s"),
    "s": (Fraction(1), "s"),
}
"""Units that measure the same, by the base unit and how many of it each is; all others are compared as
written. https://ucum.org/ucum
"""

QUANTITIES = ("Quantity", "SimpleQuantity", "Age", "Duration", "Distance", "Count")


def implicit(text: str) -> Range:
    """Half a unit of the last digit to either side: 100 is [99.5, 100.5), 100.00 is [99.995, 100.005).

    R4 gives [95, 105) for 1e2, so that one digit with an exponent counts as two.
    """
    found = NUMBER.fullmatch(text)
    if found is None:
        raise ValueError(text)
    whole, places, exponent = found[1], found[2] or "", found[3]
    unit = int(exponent or 0) - len(places)
    if exponent is not None and len((whole + places).lstrip("0")) <= 1:
        unit -= 1
    value, half = Fraction(text), Fraction(10) ** unit / 2
    return half_open(value - half, value + half)


def compare(text: str, target: Range | None) -> bool:
    """Whether a number or range of numbers fits the search value.

    "When a comparison prefix in the set gt, lt, ge, le, sa & eb is provided, the implicit precision of the
    number is ignored", and ge and le take in the value itself.
    """
    prefix, rest = split_prefix(text)
    implied, value = implicit(rest), Fraction(rest)
    if target is None:
        return False
    if prefix in ("eq", "ne"):
        return fits(prefix, implied, target)
    if prefix == "ap":
        tenth = abs(value) / 10
        return fits(prefix, Range((value - tenth, AT), (value + tenth, AT)), target)
    itself = prefix in ("ge", "le") and point(value).overlaps(target)
    return itself or fits(prefix, point(value), target)


def numbers(data: Any, type: str) -> Range | None:
    """The number or numbers of an element."""
    if type in ("integer", "positiveInt", "unsignedInt", "decimal"):
        return point(Fraction(data))
    if type in QUANTITIES:
        return _quantity(data)
    if type == "Money":
        return _stated(data.get("value"))
    if type == "Range":
        return Range(_end(data, "low", -INFINITY), _end(data, "high", INFINITY))
    raise ValueError(type)


def _stated(value: Decimal | int | None) -> Range | None:
    return None if value is None else point(Fraction(value))


def _quantity(data: Mapping[str, Any]) -> Range | None:
    """ "if the comparator is "<" , then the real value is < stated value"."""
    if "value" not in data:
        return None
    value = Fraction(data["value"])
    match data.get("comparator"):
        case "<":
            return Range((-INFINITY, AT), (value, BEFORE))
        case "<=":
            return Range((-INFINITY, AT), (value, AT))
        case ">":
            return Range((value, AFTER), (INFINITY, AT))
        case ">=":
            return Range((value, AT), (INFINITY, AT))
    return point(value)


def _end(range: Mapping[str, Any], name: str, otherwise: float) -> Bound:
    """ "If the low or high value is missing, it is unknown": open."""
    value = range.get(name, {}).get("value")
    return (otherwise, AT) if value is None else (Fraction(value), AT)


def quantity_matches(text: str, data: Mapping[str, Any], type: str) -> bool:
    """`[prefix][number]`, `[prefix][number]|[system]|[code]`, `[prefix][number]||[code or unit]`."""
    number, *unit = [unescape(part) for part in split(text, "|")]
    target = numbers(data, type)
    if not unit:
        return compare(number, target)
    system, code = unit
    stated = _unit(data, type)
    if system == UCUM == stated.get("system") and code in FACTORS and stated.get("code") in FACTORS:
        (factor, base), (other, same) = FACTORS[stated["code"]], FACTORS[code]
        return base == same and compare(number, target and target.times(factor / other))
    if system:
        return (
            bool(stated.get("system") == system)
            and code in ("", stated.get("code"))
            and compare(number, target)
        )
    return (not code or code in (stated.get("code"), stated.get("unit"))) and compare(number, target)


def _unit(data: Mapping[str, Any], type: str) -> Mapping[str, Any]:
    if type == "Money":
        return {"system": CURRENCIES, "code": data.get("currency"), "unit": data.get("currency")}
    unit: Mapping[str, Any] = (data.get("low") or data.get("high") or {}) if type == "Range" else data
    return unit
