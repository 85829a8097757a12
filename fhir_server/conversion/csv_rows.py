"""Reads the rows of a CSV file as records: the header names the fields, with dots inside objects.

The items of a list are separated by `|`. An empty cell gives no value, and an empty line no record.
https://www.rfc-editor.org/rfc/rfc4180
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.conversion import messages
from fhir_server.conversion.members import pointer_to, set_member
from fhir_server.core import json
from fhir_server.errors import FhirError, MalformedContent

BETWEEN_ITEMS = "|"
DELIMITERS = ",;\t"
FRENCH = ";"
"""The delimiter of French spreadsheets, which also write dates with the day first."""
TRUE, FALSE = frozenset({"true", "vrai", "oui", "1"}), frozenset({"false", "faux", "non", "0"})

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]*)")
_FRENCH_DAY = re.compile("([0-9]{2})/([0-9]{2})/([0-9]{4})")
_DECIMAL = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Row:
    """A record, or the error of its line, with the number of the line on which it ends."""

    line: int
    record: dict[str, Any] | None
    error: FhirError | None = None


def rows(lines: Iterable[str], schema: Mapping[str, Any]) -> Iterator[Row]:
    """The records of a file, one at a time; invalid UTF-8 is in the lines as surrogate escapes.

    Raises `MalformedContent` for an invalid header.
    """
    source = iter(lines)
    header = next(source, "").removeprefix("\ufeff")
    if not _is_text(header):
        raise MalformedContent.of(messages.NOT_UTF8())
    delimiter = max(DELIMITERS, key=header.count)
    columns = [_column(name.strip(), schema, delimiter) for name in _cells(header, delimiter) or [""]]
    _check_names([column.name for column in columns])
    reader = csv.reader(source, delimiter=delimiter, strict=True)
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield Row(reader.line_num + 1, None, MalformedContent.of(messages.NOT_CSV(reason=error)))
            continue
        if any(cell.strip() for cell in cells):
            yield _row(reader.line_num + 1, cells, columns)


def _cells(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter))
    except csv.Error as error:
        raise MalformedContent.of(messages.NOT_CSV(reason=error)) from error


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    read: Callable[[str], Any]
    wanted: str


def _check_names(names: list[str]) -> None:
    """Raise `MalformedContent` for a repeated column name: one of the values would be lost."""
    for place, name in enumerate(names):
        if name in names[:place]:
            raise MalformedContent.of(messages.COLUMN_TWICE(name=name))


def _is_text(text: str) -> bool:
    """Whether the text was valid UTF-8, without surrogate escapes."""
    return text.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in text)


def _row(line: int, cells: list[str], columns: list[_Column]) -> Row:
    if len(cells) > len(columns):
        return Row(line, None, MalformedContent.of(messages.TOO_MANY_CELLS()))
    if not all(map(_is_text, cells)):
        return Row(line, None, MalformedContent.of(messages.NOT_UTF8()))
    record: dict[str, Any] = {}
    for cell, column in zip(cells, columns, strict=False):
        if not cell.strip():
            continue
        try:
            set_member(record, column.name, column.read(cell.strip()))
        except ValueError:
            text = messages.NOT_A_VALUE(name=column.name, given=cell[:80], wanted=column.wanted)
            return Row(line, None, MalformedContent.of(text, pointer_to(column.name)))
    return Row(line, record)


def _column(name: str, schema: Mapping[str, Any], delimiter: str) -> _Column:
    node: Any = schema
    for member in name.split("."):
        node = node.get("properties", {}).get(member, {})
    kind = node.get("type")
    if kind == "array":
        item = node["items"].get("type", "string")
        return _Column(name, lambda cell: [READERS[item](text) for text in cell.split(BETWEEN_ITEMS)], kind)
    if kind not in READERS:
        raise MalformedContent.of(messages.NO_COLUMN(name=name[:80], known=", ".join(_names(schema))))
    if node.get("format") == "date" and delimiter == FRENCH:
        return _Column(name, _day, kind)
    return _Column(name, READERS[kind], kind)


def _names(schema: Mapping[str, Any], above: str = "") -> Iterator[str]:
    """All valid column names."""
    for name, node in schema.get("properties", {}).items():
        inside = list(_names(node, f"{above}{name}."))
        yield from inside or [f"{above}{name}"]


def _day(cell: str) -> str:
    """A date, which French spreadsheets write as 31/12/2025."""
    found = _FRENCH_DAY.fullmatch(cell)
    return "-".join(reversed(found.groups())) if found else cell


def _whole(cell: str) -> int:
    if not _WHOLE.fullmatch(cell):
        raise ValueError(cell)
    return int(cell)


def _number(cell: str) -> json.Number:
    """A number with a decimal point, or the comma of French spreadsheets; its digits are kept."""
    text = cell.replace(",", ".")
    if not _DECIMAL.fullmatch(text):
        raise ValueError(cell)
    return int(text) if "." not in text else json.number(text)


def _boolean(cell: str) -> bool:
    word = cell.lower()
    if word not in TRUE | FALSE:
        raise ValueError(cell)
    return word in TRUE


READERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "integer": _whole,
    "number": _number,
    "boolean": _boolean,
}
