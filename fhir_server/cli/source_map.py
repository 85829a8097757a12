"""Finds the line and column of an element in a JSON text from its FHIRPath location.

The text is parsed a second time for this, and only when there is an issue to locate.
https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
"""

import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate

from fhir_server.core.fhirpath_location import Step, json_steps

_TOKEN = re.compile(r'[{}\[\],:]|"(?:[^"\\]|\\.)*"|[^\s{}\[\],:"]+')


@dataclass(frozen=True, slots=True)
class Position:
    """A position in a text; lines and columns start at 1."""

    line: int
    column: int


@dataclass(slots=True)
class _Node:
    """One JSON value: its offset, and its members by name or items by index."""

    offset: int
    members: dict[str | int, "_Node"] = field(default_factory=dict)

    def below(self, step: Step) -> "_Node | None":
        """The value at a step, also where a single value replaces an array, or an array a single value."""
        found = next((self.members[key] for key in step if key in self.members), None)
        if found is None and step == (0,):
            return self
        if found is None and 0 in self.members and type(step[0]) is str:
            return self.members[0].below(step)
        return found


class SourceMap:
    """Finds positions in one JSON text."""

    def __init__(self, body: bytes, first_line: int = 1) -> None:
        self._text = body.decode("utf-8", "replace").removeprefix("\ufeff")
        self._first_line = first_line
        self._repeated: int | None = None

    def position(self, place: str) -> Position:
        """The position of the element, or of its innermost ancestor that exists."""
        node = self._root
        for step in json_steps(place):
            below = node.below(step)
            if below is None:
                break
            node = below
        return self.at(node.offset)

    def at(self, offset: int) -> Position:
        """The position of a character."""
        line = bisect_right(self._line_starts, offset)
        return Position(self._first_line + line - 1, offset - self._line_starts[line - 1] + 1)

    def of_byte(self, offset: int) -> Position:
        """The position of a byte of the UTF-8 text."""
        return self.at(len(self._text.encode()[:offset].decode("utf-8", "ignore")))

    def repeated(self) -> Position | None:
        """The position of the first repeated key of an object; None where there is none."""
        read = self._root
        return self.at(self._repeated) if read and self._repeated is not None else None

    @cached_property
    def _line_starts(self) -> list[int]:
        lines = self._text.split("\n")
        return list(accumulate((len(line) + 1 for line in lines[:-1]), initial=0))

    @cached_property
    def _root(self) -> _Node:
        root = _Node(0)
        open_nodes: list[_Node] = []
        key: tuple[str, int] | None = None
        tokens = list(_TOKEN.finditer(self._text))
        for number, token in enumerate(tokens):
            text = token[0]
            if text in "}]" and open_nodes:
                open_nodes.pop()
            elif text in ",:}]":
                continue
            elif key is None and _is_key(tokens, number):
                key = (_unquoted(text), token.start())
            else:
                node = self._placed(open_nodes, key, token.start()) if open_nodes else root
                node.offset = node.offset or token.start()
                key = None
                if text in "{[":
                    open_nodes.append(node)
        return root

    def _placed(self, open_nodes: list[_Node], key: tuple[str, int] | None, offset: int) -> _Node:
        """Add a value to the innermost open object or array; the position of a member is that of its key."""
        holder = open_nodes[-1]
        name: str | int = len(holder.members) if key is None else key[0]
        node = _Node(offset if key is None else key[1])
        if name in holder.members and self._repeated is None:
            self._repeated = node.offset
        holder.members[name] = node
        return node


def _is_key(tokens: list[re.Match[str]], number: int) -> bool:
    following = number + 1
    return tokens[number][0][0] == '"' and following < len(tokens) and tokens[following][0] == ":"


def _unquoted(text: str) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text[1:-1]
