r"""Regular expressions from untrusted sources, run only if they cannot backtrack catastrophically.

Python's engine cannot be interrupted while it tries the many ways in which a repetition inside a repetition
can match. So an expression with such ways, like `(a+)+`, is refused before it runs.
https://hl7.org/fhir/R4/extension-regex.html
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, NamedTuple

LENGTH_MAX = 2_000
STEPS_MAX = 1_000_000
WAYS_MAX = 400_000_000
"""How many ways to match a search may try: a few seconds of work."""
_ROUNDS_HARMLESS_MAX = 8
"""A repetition with at most so many rounds cannot take long, whatever it contains."""
_SAMPLES = frozenset(map(chr, range(32, 127))) | {"\t", "\n", "é"}
"""The sample characters by which two parts of a pattern are compared."""
_reader = re._parser  # type: ignore[attr-defined]


class PatternError(ValueError):
    """A text that is no regular expression, or one that may backtrack without end."""


class _Part(NamedTuple):
    """A part of a sequence: the characters it can begin with (`first`), all it can contain (`every`), whether
    it must match at least one character (`needed`), and whether it can match more or less of the same text.
    """

    first: frozenset[str]
    every: frozenset[str]
    needed: bool
    varies: bool = False
    ambiguous: bool = False


def matches(pattern: str, text: str) -> bool | None:
    """Whether the whole `text` matches; None if the pattern is invalid, or might take long on this text."""
    try:
        compiled, repetitions = compiled_pattern(pattern), _repetitions_of(pattern)
    except PatternError:
        return None
    if max(len(text), 2) ** min(repetitions, 30) > STEPS_MAX:
        return None
    return compiled.fullmatch(text) is not None


@lru_cache(maxsize=1024)
def compiled_pattern(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern. Raises `PatternError` if it is invalid, or may backtrack without end."""
    if len(pattern) > LENGTH_MAX:
        raise PatternError(
            f"a regular expression of {len(pattern)} characters; at most {LENGTH_MAX} are read"
        )
    try:
        runs_away = _runs_away(_reader.parse(pattern, flags))
        compiled = re.compile(pattern, flags)
    except (re.error, RecursionError, OverflowError) as error:
        raise PatternError(f"the regular expression '{pattern}': {error}") from error
    if runs_away:
        raise PatternError(f"the regular expression '{pattern}' repeats a repetition, and may take for ever")
    return compiled


def search_pattern(pattern: str, text: str, flags: int = 0) -> re.Pattern[str]:
    """The compiled pattern, to search this text with. Raises `PatternError` if it is invalid, or might take
    long in a text of this length.
    """
    compiled = compiled_pattern(pattern, flags)
    if max(len(text), 2) ** _degree_of(pattern, flags) > WAYS_MAX:
        raise PatternError(
            f"the regular expression '{pattern}' may take long in a text of {len(text)} characters"
        )
    return compiled


@lru_cache(maxsize=1024)
def _degree_of(pattern: str, flags: int) -> int:
    """The power of the text's length that bounds the ways in which a search can try to match.

    A start that is not anchored counts one, and so does each repetition that can give characters to another
    one before it fails.
    """
    sequence = list(_reader.parse(pattern, flags))
    is_anchored = bool(sequence) and _is_anchor(sequence[0]) and "BEGINNING" in str(sequence[0][1])
    return _degree(sequence) + (not is_anchored)


def _degree(sequence: list[Any]) -> int:
    """The most repetitions of a sequence that share characters without a required part to separate them."""
    asserted = [_degree(list(inner)) for name, argument in sequence for inner in _asserted(name, argument)]
    most, shared, before = max(asserted, default=0), 0, frozenset[str]()
    for part in _without_final_repetition(sequence):
        if part.varies:
            shared = shared + 1 if part.first & before else max(shared, 1)
            most, before = max(most, shared), before | part.every
        elif part.needed and not part.first & before:
            shared, before = 0, frozenset()
    return most


def _without_final_repetition(sequence: list[Any]) -> list[_Part]:
    """The parts of a sequence except a repetition at its end, which cannot fail."""
    parts = list(_parts(sequence, needed=True))
    ends_anywhere = not (sequence and _is_anchor(sequence[-1]))
    return parts[:-1] if ends_anywhere and parts and parts[-1].varies else parts


def _is_anchor(part: Any) -> bool:
    """Whether a part matches a position and no character, like `^` and `$`."""
    return str(part[0]) == "AT"


def _asserted(name: Any, argument: Any) -> list[Any]:
    return _inner(str(name), argument) if str(name).startswith("ASSERT") else []


@lru_cache(maxsize=1024)
def _repetitions_of(pattern: str) -> int:
    return _repetitions(_reader.parse(pattern))


def _repetitions(sequence: Iterable[Any]) -> int:
    """How many parts can match more or less of a text; each multiplies the ways to try by the text's
    length.
    """
    count = 0
    for name, argument in sequence:
        count += _varies(str(name), argument) and argument[1] > 1
        count += sum(map(_repetitions, _inner(str(name), argument)))
    return count


def _runs_away(sequence: Iterable[Any]) -> bool:
    for name, argument in sequence:
        for inner in _inner(str(name), argument):
            if _runs_away(inner) or (_repeats(str(name), argument) and _overlaps(inner)):
                return True
    return False


def _overlaps(body: Iterable[Any]) -> bool:
    """Whether the body of a repetition has a varying part with nothing to separate it from the next round."""
    parts = list(_parts(body, needed=True))
    return any(
        part.ambiguous
        or (part.varies and not any(other.needed and not (other.first & part.every) for other in parts))
        for part in parts
    )


def _repeats(name: str, argument: Any) -> bool:
    """Whether a part matches more than a few times."""
    return name in _REPETITIONS and argument[1] > _ROUNDS_HARMLESS_MAX


def _varies(name: str, argument: Any) -> bool:
    return name in _REPETITIONS and argument[0] != argument[1]


def _inner(name: str, argument: Any) -> list[Any]:
    """The sequences within a part, in the tree of Python's own parser."""
    match name:
        case "MAX_REPEAT" | "MIN_REPEAT" | "POSSESSIVE_REPEAT":
            return [argument[2]]
        case "SUBPATTERN":
            return [argument[3]]
        case "BRANCH":
            return list(argument[1])
        case "ASSERT" | "ASSERT_NOT":
            return [argument[1]]
    return []


def _parts(sequence: Iterable[Any], needed: bool) -> Iterator[_Part]:
    """The parts of a sequence, those of groups included."""
    for code, argument in sequence:
        name = str(code)
        inner = _inner(name, argument)
        if name == "SUBPATTERN":
            yield from _parts(inner[0], needed)
        elif _varies(name, argument):
            below = list(_parts(inner[0], needed=True))
            yield _Part(
                _first_characters(below), _all_characters(below), needed and argument[0] > 0, varies=True
            )
        elif name in _REPETITIONS:
            yield from _parts(inner[0], needed and argument[0] > 0)
        elif name == "BRANCH":
            yield _branch([list(_parts(branch, needed=True)) for branch in inner], needed)
        elif name != "AT":
            characters = _characters(name, argument)
            yield _Part(characters, characters, needed)


def _branch(branches: list[list[_Part]], needed: bool) -> _Part:
    firsts = list(map(_first_characters, branches))
    first = frozenset().union(*firsts)
    empty = sum(not any(part.needed for part in branch) for branch in branches)
    varies = bool(empty) or any(part.varies for branch in branches for part in branch)
    every = frozenset().union(*map(_all_characters, branches))
    is_ambiguous = sum(map(len, firsts)) > len(first) or empty > 1
    return _Part(first, every, needed and not empty, varies, is_ambiguous)


def _first_characters(parts: Iterable[_Part]) -> frozenset[str]:
    """The characters that a sequence of parts can begin with."""
    found: frozenset[str] = frozenset()
    for part in parts:
        found |= part.first
        if part.needed:
            break
    return found


def _all_characters(parts: Iterable[_Part]) -> frozenset[str]:
    return frozenset().union(*(part.every for part in parts))


def _characters(name: str, argument: Any) -> frozenset[str]:
    """The sample characters that one part matches."""
    match name:
        case "LITERAL":
            return frozenset((chr(argument),))
        case "NOT_LITERAL":
            return _SAMPLES - {chr(argument)}
        case "IN":
            return _characters_of_set(argument)
    return _SAMPLES


def _characters_of_set(members: Iterable[Any]) -> frozenset[str]:
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


_REPETITIONS = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
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
