"""Parser of _filter, from text to a syntax tree.

`and` and `or` have the same precedence and associate to the left, as the specification says.
https://hl7.org/fhir/R4/search_filter.html
"""

import re
from dataclasses import dataclass
from json import JSONDecodeError, JSONDecoder
from typing import Literal

from fhir_server.issues import Text
from fhir_server.search import messages
from fhir_server.search.limits import CONDITIONS_MAX, NESTING_MAX, refused, too_costly

OPERATORS = (
    "eq", "ne", "co", "sw", "ew", "gt", "lt", "ge", "le", "ap", "sa", "eb", "pr", "po", "ss", "sb", "in",
    "ni", "re",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Step:
    """One parameter of a path. `type` restricts the target of a reference; `where` filters it."""

    name: str
    type: str = ""
    where: "Filter | None" = None


@dataclass(frozen=True, slots=True)
class Condition:
    """`path operator value`; the value without JSON quotes and escapes."""

    path: tuple[Step, ...]
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Negation:
    """`not (...)`."""

    negated: "Filter"


@dataclass(frozen=True, slots=True)
class Joined:
    """All of the parts (`and`) or any of them (`or`)."""

    by: Literal["and", "or"]
    parts: tuple["Filter", ...]


Filter = Condition | Negation | Joined

_SPACES = re.compile(r"\s*")
_NAME = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)
_TYPE = re.compile(r":([A-Za-z]+)")
_WORD = re.compile(r"[A-Za-z]+(?=[\s(]|$)")
_TOKEN = re.compile(r"[^\s\])]+")
_SHOWN = 20

_read_json = JSONDecoder().raw_decode


def read(text: str, parameter: str) -> Filter:
    """The tree of a filter. Raises `InvalidSearch` with the position of a syntax error."""
    return _Parser(text, parameter).read()


class _Parser:
    """A recursive descent parser of one filter."""

    def __init__(self, text: str, parameter: str) -> None:
        self._text = text
        self._parameter = parameter
        self._position = 0
        self._conditions = 0

    def read(self) -> Filter:
        found = self._filter(0)
        if self._position < len(self._text):
            raise self._expected(messages.EXPECTED_AND_OR())
        return found

    # Tokens

    def _skip_spaces(self) -> None:
        self._position = _end(_SPACES, self._text, self._position)

    def _take(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._position)
        if found:
            self._position = found.end()
        return found

    def _take_mark(self, mark: str) -> bool:
        here = self._text.startswith(mark, self._position)
        self._position += here
        return here

    def _take_word(self, *words: str) -> str | None:
        """Consume the next word if it is one of these."""
        found = _WORD.match(self._text, self._position)
        if found is None or found[0] not in words:
            return None
        self._position = found.end()
        return found[0]

    def _need_mark(self, mark: str) -> None:
        self._skip_spaces()
        if not self._take_mark(mark):
            raise self._expected(messages.EXPECTED_TEXT(text=mark))

    # Grammar

    def _filter(self, depth: int) -> Filter:
        found = self._operand(depth)
        turns = 0
        while True:
            self._skip_spaces()
            by = self._take_word("and", "or")
            if by is None:
                return found
            further = self._operand(depth)
            if isinstance(found, Joined) and found.by == by and turns:
                found = Joined(found.by, (*found.parts, further))
                continue
            turns += 1
            self._check_depth(depth + turns)
            found = Joined("and" if by == "and" else "or", (found, further))

    def _operand(self, depth: int) -> Filter:
        self._skip_spaces()
        start = self._position
        if self._take_word("not"):
            self._skip_spaces()
            if self._take_mark("("):
                return Negation(self._closed(")", depth))
            self._position = start
        if self._take_mark("("):
            return self._closed(")", depth)
        return self._condition(depth)

    def _closed(self, mark: str, depth: int) -> Filter:
        self._check_depth(depth + 1)
        found = self._filter(depth + 1)
        self._need_mark(mark)
        return found

    def _condition(self, depth: int) -> Condition:
        self._conditions += 1
        if self._conditions > CONDITIONS_MAX:
            raise too_costly(messages.FILTER_TOO_LONG(limit=CONDITIONS_MAX), self._parameter)
        path = self._path(depth)
        self._skip_spaces()
        operator = self._take_word(*OPERATORS)
        if operator is None:
            raise self._expected(messages.EXPECTED_OPERATOR(valid=", ".join(OPERATORS)))
        self._skip_spaces()
        return Condition(path, operator, self._value())

    def _path(self, depth: int) -> tuple[Step, ...]:
        steps: list[Step] = []
        while True:
            name = self._take(_NAME)
            if name is None:
                raise self._expected(messages.EXPECTED_NAME())
            type, where = self._take(_TYPE), None
            if self._take_mark("["):
                where = self._closed("]", depth)
                if not self._text.startswith(".", self._position):
                    raise self._expected(messages.EXPECTED_TEXT(text="."))
            steps.append(Step(name[0], type[1] if type else "", where))
            if not self._take_mark("."):
                return tuple(steps)

    def _value(self) -> str:
        if self._text.startswith('"', self._position):
            try:
                value, self._position = _read_json(self._text, self._position)
            except JSONDecodeError as error:
                raise self._expected(messages.EXPECTED_STRING()) from error
            return str(value)
        found = self._take(_TOKEN)
        if found is None:
            raise self._expected(messages.EXPECTED_VALUE())
        return found[0]

    # Errors

    def _check_depth(self, depth: int) -> None:
        if depth > NESTING_MAX:
            raise too_costly(messages.FILTER_TOO_DEEP(limit=NESTING_MAX), self._parameter)

    def _expected(self, expected: Text) -> Exception:
        found = self._text[self._position : self._position + _SHOWN]
        text = messages.FILTER_SYNTAX(
            place=self._position + 1, found=found or messages.FILTER_END(), expected=expected
        )
        return refused(text, self._parameter)


def _end(pattern: re.Pattern[str], text: str, position: int) -> int:
    found = pattern.match(text, position)
    return found.end() if found else position
