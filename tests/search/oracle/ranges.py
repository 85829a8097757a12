"""Ranges on a line, and what each prefix asks of two of them. https://hl7.org/fhir/R4/search.html#prefix"""

from dataclasses import dataclass
from fractions import Fraction

Value = Fraction | int | float
Bound = tuple[Value, int]
"""A place on the line: 0 is the value itself, -1 all that comes before it, 1 all that comes after it."""

INFINITY = float("inf")
BEFORE, AT, AFTER = -1, 0, 1

PREFIXES = ("eq", "ne", "gt", "lt", "ge", "le", "sa", "eb", "ap")


@dataclass(frozen=True)
class Range:
    """All from `low` to `high`: a value below `(5, BEFORE)` is less than 5, one up to `(5, AT)` may be 5."""

    low: Bound
    high: Bound

    def contains(self, other: "Range") -> bool:
        return self.low <= other.low and other.high <= self.high

    def times(self, factor: Fraction) -> "Range":
        (low, before), (high, after) = self.low, self.high
        return Range((low * factor, before), (high * factor, after))

    def overlaps(self, other: "Range") -> bool:
        return self.low <= other.high and other.low <= self.high


def point(value: Value) -> Range:
    return Range((value, AT), (value, AT))


def half_open(low: Value, high: Value) -> Range:
    """[low, high)"""
    return Range((low, AT), (high, BEFORE))


def below(range: Range) -> Range:
    """All that comes before the range starts."""
    value, side = range.low
    return Range((-INFINITY, AT), (value, side - 1))


def above(range: Range) -> Range:
    """All that comes after the range ends."""
    value, side = range.high
    return Range((value, side + 1), (INFINITY, AT))


def split_prefix(text: str) -> tuple[str, str]:
    """The prefix of a value, and the rest. "If no prefix is present, the prefix eq is assumed."."""
    return (text[:2], text[2:]) if text[:2] in PREFIXES else ("eq", text)


def fits(prefix: str, search: Range, target: Range) -> bool:
    """The third column of R4's table of prefixes, row by row."""
    match prefix:
        case "eq":
            return search.contains(target)
        case "ne":
            return not search.contains(target)
        case "gt":
            return above(search).overlaps(target)
        case "lt":
            return below(search).overlaps(target)
        case "ge":
            return above(search).overlaps(target) or search.contains(target)
        case "le":
            return below(search).overlaps(target) or search.contains(target)
        case "sa":
            return not search.overlaps(target) and above(search).contains(target)
        case "eb":
            return not search.overlaps(target) and below(search).contains(target)
        case "ap":
            return search.overlaps(target)
    raise ValueError(prefix)
