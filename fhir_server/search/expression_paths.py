"""Parser of simple search parameter expressions into paths that need no FHIRPath engine.

A simple expression is a union of paths, with filters by type, by a reference's target type, by a fixed value,
a code or an extension. All of R4's expressions are simple.
https://hl7.org/fhir/R4/searchparameter-registry.html
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache


class ComplexExpression(ValueError):
    """An expression that needs the FHIRPath engine."""


@dataclass(frozen=True, slots=True)
class Property:
    """Go to the element of this name."""

    name: str


@dataclass(frozen=True, slots=True)
class OfType:
    """Keep values of this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Resolves:
    """Keep references to a resource of this type."""

    type: str


@dataclass(frozen=True, slots=True)
class Equals:
    """Keep values whose element `name` is `literal`."""

    name: str
    literal: str


@dataclass(frozen=True, slots=True)
class Extended:
    """Keep values that have an extension of this url."""

    url: str


@dataclass(frozen=True, slots=True)
class Coded:
    """Keep values whose CodeableConcept `name` has this code."""

    name: str
    system: str
    code: str


@dataclass(frozen=True, slots=True)
class First:
    """Keep the first of the values, straight below the resource."""


Condition = Resolves | Equals | Extended | Coded
Step = Property | OfType | First | Condition


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from a resource of type `root`, or from the current element if `root` is empty."""

    root: str
    steps: tuple[Step, ...] = ()

    def then(self, *steps: Step) -> "Path":
        return Path(self.root, (*self.steps, *steps))


STEPS_MAX = 32
"""Steps of a path: the longest of R4 has five."""
NESTING_MAX = 16
"""Levels of parentheses."""

RESOURCE = "%resource"
"""The root of a path that starts at the whole resource."""

_NAME = r"[A-Za-z]\w*"
_TOKENS = re.compile(
    rf"\s*(?:(?P<resolves>where\(\s*resolve\(\)\s+is\s+(?P<target>{_NAME})\s*\))"
    rf"|(?P<equals>where\(\s*(?P<element>{_NAME})\s*=\s*'(?P<literal>[^'\\]*)'\s*\))"
    r"|(?P<extended>where\(\s*hasExtension\(\s*'(?P<extension_url>[^'\\]*)'\s*\)\s*\))"
    rf"|(?P<coded>where\(\s*(?P<concept>{_NAME})\.coding\.where\(\s*system\s*=\s*'(?P<system>[^'\\]*)'"
    r"\s+and\s+code\s*=\s*'(?P<code>[^'\\]*)'\s*\)\.exists\(\)\s*\))"
    r"|(?P<extension>extension\(\s*'(?P<url>[^'\\]*)'\s*\))"
    rf"|(?P<of_type>(?:as|ofType)\(\s*(?P<type>{_NAME})\s*\))"
    r"|(?P<first>\[0\])"
    rf"|(?P<name>%resource\b|{_NAME})(?!\s*\()"
    r"|(?P<mark>[().|]))"
)

_PRESENCE = re.compile(r"\(?(?P<path>[\w.]+)\.exists\(\) and (?P=path) != false\)?")


@lru_cache(maxsize=2048)
def parse_paths(expression: str) -> tuple[Path, ...]:
    """The paths of an expression. Raises `ComplexExpression` if it is not simple."""
    return _Parser(expression).read()


def parse_presence(expression: str) -> tuple[Path, ...] | None:
    """The paths of `X.exists() and X != false`, which is true if X has a value other than false; else None.

    In R4, only the expression of Patient's `deceased` has this form.
    """
    found = _PRESENCE.fullmatch(expression)
    return parse_paths(found["path"]) if found else None


@lru_cache(maxsize=1024)
def resolved_types(expression: str, type: str) -> tuple[str, ...]:
    """The target types to which an expression restricts the references of `type`; empty for no restriction.

    `Observation.subject.where(resolve() is Patient)` is never a Group, although R4 declares that target.
    """
    try:
        paths = [path for path in parse_paths(expression) if path.root in ("", type)]
    except ComplexExpression:
        return ()
    ends = [path.steps[-1] if path.steps else None for path in paths]
    types = [end.type for end in ends if isinstance(end, Resolves)]
    return tuple(dict.fromkeys(types)) if len(types) == len(ends) else ()


class _Parser:
    """A recursive descent parser of one expression."""

    def __init__(self, expression: str) -> None:
        self._tokens = list(_tokens(expression))
        self._position = 0
        self._nesting = 0

    def read(self) -> tuple[Path, ...]:
        paths = self._union()
        if self._position < len(self._tokens) or any(len(path.steps) > STEPS_MAX for path in paths):
            raise ComplexExpression
        return paths

    def _next_is(self, text: str) -> bool:
        """Consume the next token if it is `text`."""
        here = self._position < len(self._tokens) and self._tokens[self._position][0].strip() == text
        self._position += here
        return here

    def _take(self) -> re.Match[str]:
        if self._position == len(self._tokens):
            raise ComplexExpression
        self._position += 1
        return self._tokens[self._position - 1]

    def _union(self) -> tuple[Path, ...]:
        paths = self._cast()
        while self._next_is("|"):
            paths += self._cast()
        return paths

    def _cast(self) -> tuple[Path, ...]:
        paths = self._navigation()
        if self._next_is("as"):
            wanted = OfType(self._take_name())
            paths = tuple(path.then(wanted) for path in paths)
        return paths

    def _navigation(self) -> tuple[Path, ...]:
        paths = self._start()
        while True:
            if self._next_is("."):
                steps = _steps(self._take())
            elif self._next_is("[0]"):
                steps = _first(paths)
            else:
                return paths
            paths = tuple(path.then(*steps) for path in paths)

    def _start(self) -> tuple[Path, ...]:
        if self._next_is("("):
            self._nesting += 1
            if self._nesting > NESTING_MAX:
                raise ComplexExpression
            paths = self._union()
            if not self._next_is(")"):
                raise ComplexExpression
            self._nesting -= 1
            return paths
        name = self._take_name()
        if name == RESOURCE or name[0].isupper():
            return (Path(name),)
        return (Path("", (Property(name),)),)

    def _take_name(self) -> str:
        name = self._take()["name"]
        if name is None:
            raise ComplexExpression
        return str(name)


def _tokens(expression: str) -> Iterator[re.Match[str]]:
    position, end = 0, len(expression.rstrip())
    while position < end:
        found = _TOKENS.match(expression, position)
        if found is None:
            raise ComplexExpression(expression)
        yield found
        position = found.end()


def _first(paths: tuple[Path, ...]) -> tuple[Step, ...]:
    """The step of `[0]`, which is only simple on a property of the resource: further down, the first of all
    values is not the first of each.
    """
    if any(len(path.steps) != 1 for path in paths):
        raise ComplexExpression
    return (First(),)


def _steps(token: re.Match[str]) -> tuple[Step, ...]:
    if token["resolves"]:
        return (Resolves(token["target"]),)
    if token["equals"]:
        return (Equals(token["element"], token["literal"]),)
    if token["extended"]:
        return (Extended(token["extension_url"]),)
    if token["coded"]:
        return (Coded(token["concept"], token["system"], token["code"]),)
    if token["extension"]:
        return Property("extension"), Equals("url", token["url"])
    if token["of_type"]:
        return (OfType(token["type"]),)
    if token["name"] and token["name"] != RESOURCE:
        return (Property(token["name"]),)
    raise ComplexExpression
