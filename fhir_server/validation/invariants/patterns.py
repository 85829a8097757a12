"""Regular expressions that cannot run away.

Nothing can stop Python's engine while it tries the many ways in which a repetition inside a repetition can
match, so an expression that has such ways is refused before it runs.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from fhir_server.core.fhirpath import FhirPathError

LENGTH_MAX = 2_000
_OFTEN = 255
_SAMPLES = frozenset(map(chr, range(32, 127))) | {"\t", "\n", "é"}
_reader = re._parser  # type: ignore[attr-defined]


class _Part(NamedTuple):
    """A part of a sequence: the characters that it can begin with, and whether it must be there."""

    characters: frozenset[str]
    needed: bool
    repeats: bool
    ambiguous: bool = False


def check_pattern(pattern: str) -> None:
    """Raises `FhirPathError` for what is no regular expression, and for one that may run away."""
    if len(pattern) > LENGTH_MAX:
        raise FhirPathError(
            f"a regular expression of {len(pattern)} characters; at most {LENGTH_MAX} are read"
        )
    try:
        runs_away = _runs_away(_reader.parse(pattern))
    except (re.error, RecursionError, OverflowError) as error:
        raise FhirPathError(f"the regular expression '{pattern}': {error}") from error
    if runs_away:
        raise FhirPathError(f"the regular expression '{pattern}' repeats a repetition, and may take for ever")


def _runs_away(sequence: Iterable[Any]) -> bool:
    for name, argument in sequence:
        for inner in _inner(str(name), argument):
            if _runs_away(inner) or (_repeats(str(name), argument) and _overlaps(inner)):
                return True
    return False


def _overlaps(body: Iterable[Any]) -> bool:
    """Whether a body that repeats holds a repetition that nothing separates from the next round."""
    parts = list(_parts(body, needed=True))
    return any(
        part.ambiguous
        or (part.repeats and not any(p.needed and not (p.characters & part.characters) for p in parts))
        for part in parts
    )


def _repeats(name: str, argument: Any) -> bool:
    return name in ("MAX_REPEAT", "MIN_REPEAT") and argument[1] > _OFTEN


def _inner(name: str, argument: Any) -> list[Any]:
    """The sequences within a part."""
    match name:
        case "MAX_REPEAT" | "MIN_REPEAT":
            return [argument[2]]
        case "SUBPATTERN":
            return [argument[3]]
        case "BRANCH":
            return list(argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return [argument[1]]
    return []


def _parts(sequence: Iterable[Any], needed: bool) -> Iterator[_Part]:
    """The parts of a sequence, with the groups in it opened."""
    for code, argument in sequence:
        name = str(code)
        inner = _inner(name, argument)
        if name == "SUBPATTERN":
            yield from _parts(inner[0], needed)
        elif _repeats(name, argument):
            yield _Part(_first(inner[0]), needed and argument[0] > 0, repeats=True)
        elif name in ("MAX_REPEAT", "MIN_REPEAT"):
            yield from _parts(inner[0], needed and argument[0] > 0)
        elif name == "BRANCH":
            yield _branch(inner, needed)
        elif name != "AT":
            yield _Part(_characters(name, argument), needed, repeats=False)


def _branch(branches: list[Any], needed: bool) -> _Part:
    firsts = [_first(branch) for branch in branches]
    every = frozenset().union(*firsts)
    repeats = any(part.repeats for branch in branches for part in _parts(branch, needed))
    return _Part(every, needed, repeats, ambiguous=sum(map(len, firsts)) > len(every))


def _first(sequence: Iterable[Any]) -> frozenset[str]:
    """The characters that a sequence can begin with."""
    found: frozenset[str] = frozenset()
    for part in _parts(sequence, needed=True):
        found |= part.characters
        if part.needed:
            break
    return found


def _characters(name: str, argument: Any) -> frozenset[str]:
    """Those of the samples that one part matches."""
    match name:
        case "LITERAL":
            return frozenset((chr(argument),))
        case "NOT_LITERAL":
            return _SAMPLES - {chr(argument)}
        case "IN":
            return _of_set(argument)
    return _SAMPLES


def _of_set(members: Iterable[Any]) -> frozenset[str]:
    negated, found = False, frozenset[str]()
    for code, argument in members:
        match str(code):
            case "NEGATE":
                negated = True
            case "LITERAL":
                found |= {chr(argument)}
            case "RANGE":
                found |= {sample for sample in _SAMPLES if argument[0] <= ord(sample) <= argument[1]}
            case "CATEGORY":
                found |= _CATEGORIES.get(str(argument), _SAMPLES)
    return _SAMPLES - found if negated else found


_SPACES = frozenset(" \t\n")
_DIGITS = frozenset("0123456789")
_WORDS = frozenset(sample for sample in _SAMPLES if sample.isalnum() or sample == "_")
_CATEGORIES = {
    "CATEGORY_SPACE": _SPACES,
    "CATEGORY_NOT_SPACE": _SAMPLES - _SPACES,
    "CATEGORY_DIGIT": _DIGITS,
    "CATEGORY_NOT_DIGIT": _SAMPLES - _DIGITS,
    "CATEGORY_WORD": _WORDS,
    "CATEGORY_NOT_WORD": _SAMPLES - _WORDS,
}
