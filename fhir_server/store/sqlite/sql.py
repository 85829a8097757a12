"""SQL fragments with the values of their placeholders."""

from collections.abc import Iterable, Sequence
from typing import Any

from msgspec import Struct


class Sql(Struct, frozen=True):
    """Text and the values of its placeholders. No value ever becomes part of the text."""

    text: str
    values: tuple[Any, ...] = ()


ALWAYS = Sql("1")
NEVER = Sql("0 = 1")
"""Not just 0: SQLite then drops the terms joined to it, even those that a partial index needs, and refuses to
use that index. https://www.sqlite.org/lang_indexedby.html
"""


_TERMS_MAX = 64
"""SQLite parses a chain of ANDs or ORs as a tree of the same depth, and refuses one that is too deep."""


def all_of(parts: Iterable[Sql]) -> Sql:
    """The conjunction of the conditions; true if there are none."""
    return _joined(" AND ", parts, ALWAYS)


def any_of(parts: Iterable[Sql]) -> Sql:
    """The disjunction of the conditions; false if there are none."""
    return _joined(" OR ", parts, NEVER)


def negation(part: Sql) -> Sql:
    return Sql(f"NOT {part.text}", part.values)


def among(column: str, values: Sequence[Any]) -> Sql:
    """The column holds one of the values; false if there are none."""
    if len(values) == 1:
        return Sql(f"{column} = ?", (values[0],))
    if not values:
        return NEVER
    return Sql(f"{column} IN ({', '.join('?' * len(values))})", tuple(values))


def _joined(separator: str, parts: Iterable[Sql], none: Sql) -> Sql:
    parts = tuple(parts)
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return none
    if len(parts) > _TERMS_MAX:
        middle = len(parts) // 2
        halves = _joined(separator, parts[:middle], none), _joined(separator, parts[middle:], none)
        return _joined(separator, halves, none)
    text = separator.join([part.text for part in parts])
    return Sql(f"({text})", tuple([value for part in parts for value in part.values]))


def exists(tables: str, where: Sql) -> Sql:
    """Whether the tables have a row that satisfies the condition."""
    return Sql(f"EXISTS (SELECT 1 FROM {tables} WHERE {where.text})", where.values)
