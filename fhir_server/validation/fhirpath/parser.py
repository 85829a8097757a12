"""The FHIRPath parser: from an expression to a syntax tree.

https://hl7.org/fhirpath/N1/grammar.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.fhirpath.date_times import is_time_of_day, is_valid_date_time

NESTING_MAX = 60
LENGTH_MAX = 20_000
DIGITS_MAX = 100
"""Digits of a literal: more than any calculation keeps. Python refuses integers of thousands of digits."""

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)
    |(?P<moment>@(?:T\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?
        |\d{4}(?:-\d\d(?:-\d\d)?)?(?:T(?:\d\d(?::\d\d(?::\d\d(?:\.\d+)?)?)?(?:Z|[+-]\d\d:\d\d)?)?)?))
    |(?P<number>\d+(?:\.\d+)?)
    |(?P<string>'(?:\\.|[^'\\])*')
    |(?P<delimited>`(?:\\.|[^`\\])*`)
    |(?P<name>[A-Za-z_]\w*)
    |(?P<special>\$(?:this|index|total))
    |(?P<variable>%(?:[A-Za-z_][\w-]*|`[^`]*`|'[^']*'))
    |(?P<symbol><=|>=|!=|!~|/(?!\*)|[-+*&|<>=~.,()\[\]{}])""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPED = {"n": "\n", "r": "\r", "t": "\t", "f": "\f"}

_CALENDAR_UNITS = ("year", "month", "week", "day", "hour", "minute", "second", "millisecond")
CALENDAR = {unit + plural: unit for unit in _CALENDAR_UNITS for plural in ("", "s")}

SYSTEM = "System."

_TYPE_LEVEL, _UNARY_LEVEL = 8, 11
_LEVELS = {
    "implies": 1,
    **dict.fromkeys(("or", "xor"), 2),
    "and": 3,
    **dict.fromkeys(("in", "contains"), 4),
    **dict.fromkeys(("=", "~", "!=", "!~"), 5),
    **dict.fromkeys(("<", "<=", ">", ">="), 6),
    "|": 7,
    **dict.fromkeys(("is", "as"), _TYPE_LEVEL),
    **dict.fromkeys(("+", "-", "&"), 9),
    **dict.fromkeys(("*", "/", "div", "mod"), 10),
}
"""The precedence of each binary operator; a higher number binds more tightly."""


@dataclass(frozen=True, slots=True)
class SystemQuantity:
    """FHIRPath's System.Quantity. With `calendar`, `unit` is a calendar unit in the singular; else UCUM's."""

    value: Decimal
    unit: str
    calendar: bool


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal with the name of its type."""

    value: Any
    type: str


@dataclass(frozen=True, slots=True)
class EmptyCollection:
    """`{}`"""


@dataclass(frozen=True, slots=True)
class Member:
    """The name of a child; at the start of a path possibly the type of the context."""

    name: str


@dataclass(frozen=True, slots=True)
class Call:
    """A function call."""

    name: str
    arguments: "tuple[Tree, ...]"


@dataclass(frozen=True, slots=True)
class Special:
    """`$this`, `$index` or `$total`."""

    name: str


@dataclass(frozen=True, slots=True)
class Variable:
    """`%name`"""

    name: str


@dataclass(frozen=True, slots=True)
class Path:
    """A member or function call on the expression before the dot."""

    left: "Tree"
    right: Member | Call


@dataclass(frozen=True, slots=True)
class Item:
    """`left[index]`"""

    left: "Tree"
    index: "Tree"


@dataclass(frozen=True, slots=True)
class UnaryMinus:
    """Unary minus."""

    operand: "Tree"


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operator with its operands."""

    operator: str
    left: "Tree"
    right: "Tree"


@dataclass(frozen=True, slots=True)
class TypeTest:
    """The operator `is` or `as` with the name of a type."""

    operator: str
    operand: "Tree"
    type: str


Tree = (
    Literal
    | EmptyCollection
    | Member
    | Call
    | Special
    | Variable
    | Path
    | Item
    | UnaryMinus
    | Binary
    | TypeTest
)


class _Token(NamedTuple):
    kind: str
    text: str
    column: int


def parse(expression: str) -> Tree:
    """The syntax tree of an expression. Raises `FhirPathError` naming the position of a syntax error."""
    return _Parser(expression).parse_all()


def _tokens(expression: str) -> Iterator[_Token]:
    if len(expression) > LENGTH_MAX:
        raise FhirPathError(f"an expression of {len(expression)} characters; at most {LENGTH_MAX} are read")
    place = 0
    while place < len(expression):
        found = _TOKEN.match(expression, place)
        if found is None:
            raise FhirPathError(f"{expression}: nothing known begins at column {place + 1}")
        if found.lastgroup != "space":
            yield _Token(str(found.lastgroup), found[0], place + 1)
        place = found.end()


class _Parser:
    """A precedence-climbing parser for one expression."""

    def __init__(self, expression: str) -> None:
        self._expression = expression
        self._tokens = [*_tokens(expression), _Token("end", "the end", len(expression) + 1)]
        self._place = 0
        self._depth = 0

    def parse_all(self) -> Tree:
        tree = self._expression_above(0)
        if self._next.kind != "end":
            raise self._unexpected()
        return tree

    @property
    def _next(self) -> _Token:
        return self._tokens[self._place]

    def _take(self) -> _Token:
        token = self._next
        self._place += token.kind != "end"
        return token

    def _unexpected(self) -> FhirPathError:
        token = self._next
        return FhirPathError(f"{self._expression}: unexpected {token.text} at column {token.column}")

    def _is(self, symbol: str) -> bool:
        return self._next.kind == "symbol" and self._next.text == symbol

    def _expect(self, symbol: str) -> None:
        if not self._is(symbol):
            raise self._unexpected()
        self._place += 1

    def _expression_above(self, level: int) -> Tree:
        """Parse operators of a higher precedence than `level`."""
        self._depth += 1
        if self._depth > NESTING_MAX:
            raise FhirPathError(f"{self._expression}: nested deeper than {NESTING_MAX} levels")
        tree = self._operand()
        while (found := self._operator_level()) > level:
            operator = self._take().text
            if found == _TYPE_LEVEL:
                tree = TypeTest(operator, tree, self._type_name())
            else:
                tree = Binary(operator, tree, self._expression_above(found))
        self._depth -= 1
        return tree

    def _operator_level(self) -> int:
        token = self._next
        return _LEVELS.get(token.text, 0) if token.kind in ("symbol", "name") else 0

    def _operand(self) -> Tree:
        if self._next.kind == "symbol" and self._next.text in "+-":
            sign = self._take().text
            operand = self._expression_above(_UNARY_LEVEL)
            return UnaryMinus(operand) if sign == "-" else operand
        tree = self._term()
        while True:
            if self._is("."):
                self._place += 1
                tree = Path(tree, self._invocation())
            elif self._is("["):
                self._place += 1
                tree = Item(tree, self._expression_above(0))
                self._expect("]")
            else:
                return tree

    def _term(self) -> Tree:
        match self._next.kind:
            case "number":
                return self._number()
            case "string":
                return Literal(_unescaped(self._take().text), "string")
            case "moment":
                return _moment(self._take().text[1:])
            case "special":
                return Special(self._take().text[1:])
            case "variable":
                return Variable(self._take().text[1:].strip("`'"))
            case "name" if self._next.text in ("true", "false"):
                return Literal(self._take().text == "true", "boolean")
            case "name" | "delimited":
                return self._invocation()
        if self._is("("):
            self._place += 1
            tree = self._expression_above(0)
            self._expect(")")
            return tree
        self._expect("{")
        self._expect("}")
        return EmptyCollection()

    def _invocation(self) -> Member | Call:
        token = self._next
        if token.kind not in ("name", "delimited"):
            raise self._unexpected()
        self._place += 1
        name = token.text if token.kind == "name" else _unescaped(token.text)
        return Call(name, self._arguments()) if self._is("(") else Member(name)

    def _arguments(self) -> tuple[Tree, ...]:
        self._expect("(")
        arguments: list[Tree] = []
        while not self._is(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._expression_above(0))
        self._expect(")")
        return tuple(arguments)

    def _type_name(self) -> str:
        tree: Tree = self._invocation()
        while self._is("."):
            self._place += 1
            tree = Path(tree, self._invocation())
        name = type_name(tree)
        if name is None:
            raise self._unexpected()
        return name

    def _number(self) -> Tree:
        text = self._take().text
        if len(text) > DIGITS_MAX:
            raise FhirPathError(f"{self._expression[:80]}: a number of more than {DIGITS_MAX} digits")
        following = self._next
        if following.kind == "string":
            self._place += 1
            return Literal(
                SystemQuantity(Decimal(text), _unescaped(following.text), calendar=False), "Quantity"
            )
        if following.kind == "name" and following.text in CALENDAR:
            self._place += 1
            return Literal(SystemQuantity(Decimal(text), CALENDAR[following.text], calendar=True), "Quantity")
        return Literal(Decimal(text), "decimal") if "." in text else Literal(int(text), "integer")


def type_name(tree: Tree) -> str | None:
    """The type that a tree names, with the prefix `System.` if it is written; None if it is not a name."""
    match tree:
        case Path(Member("System"), Member(name)):
            return f"{SYSTEM}{name}"
        case Member(name) | Path(Member(_), Member(name)):
            return name
    return None


def _moment(text: str) -> Literal:
    moment = text.removeprefix("T").removesuffix("T")
    if not (is_time_of_day if text.startswith("T") else is_valid_date_time)(moment):
        raise FhirPathError(f"@{text} is no date or time that there is")
    if text.startswith("T"):
        return Literal(moment, "time")
    return Literal(moment, "dateTime" if "T" in text else "date")


def _unescaped(quoted: str) -> str:
    """The text between the quotes with escapes replaced; a surrogate pair of escapes makes one character."""
    text = _ESCAPE.sub(_character, quoted[1:-1])
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace") if "\\u" in quoted else text


def _character(escape: re.Match[str]) -> str:
    code = escape[1]
    return chr(int(code[1:], 16)) if len(code) == 5 else _ESCAPED.get(code, code)
