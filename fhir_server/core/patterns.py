r"""Regular expressions that others wrote, matched only where that cannot take long.

A pattern such as `(a+)+` may try as many ways as there are subsets of the text. What would be tried at worst
is estimated from the pattern alone, before it is run. https://hl7.org/fhir/R4/extension-regex.html
"""

import re
from dataclasses import dataclass, field
from functools import lru_cache

STEPS_MAX = 1_000_000
PATTERN_LENGTH_MAX = 1_000
_REPEAT = re.compile(r"[*+]|\{(\d*),(\d*)\}")
_TOKEN = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?:[:=!>]|<[=!]|P?<\w+>)|.", re.DOTALL)


@dataclass(slots=True)
class _Growth:
    """How many parts of a pattern can match more or less, and whether one of them repeats another."""

    free: int = 0
    nested: bool = False
    groups: list[bool] = field(default_factory=lambda: [False])
    """For each open group, whether something inside can match in several ways."""


def matches(pattern: str, text: str) -> bool | None:
    """Whether the whole `text` matches; None for a pattern that is none, or that might run away."""
    compiled = _compiled(pattern)
    if compiled is None:
        return None
    expression, free, nested = compiled
    exponent = len(text) if nested else free
    if max(len(text), 2) ** min(exponent, 30) > STEPS_MAX:
        return None
    return expression.fullmatch(text) is not None


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> tuple[re.Pattern[str], int, bool] | None:
    if len(pattern) > PATTERN_LENGTH_MAX:
        return None
    try:
        expression = re.compile(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    growth = _growth(pattern)
    return expression, growth.free, growth.nested


def _growth(pattern: str) -> _Growth:
    growth = _Growth()
    place = 0
    while token := _TOKEN.match(pattern, place):
        place = token.end()
        if token[0].startswith("("):
            growth.groups.append(False)
            continue
        if token[0] == "|":
            growth.groups[-1] = True
            continue
        inner = growth.groups.pop() if token[0] == ")" and len(growth.groups) > 1 else False
        if (repeat := _REPEAT.match(pattern, place)) and (repeat[1] is None or repeat[1] != repeat[2]):
            place = repeat.end()
            growth.free += 1
            growth.nested |= inner
            inner = True
        growth.groups[-1] |= inner
    return growth
