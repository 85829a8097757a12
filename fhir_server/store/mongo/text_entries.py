"""Encodes index entries as single texts, the parameter followed by the cells, for indexes of plain texts.

`code|1234-5|http://loinc.org`, with a control character where the bars stand.
"""

from collections.abc import Iterable

SEPARATOR = "\x01"
_ESCAPES = str.maketrans({"\x01": "\x02\x03", "\x02": "\x02\x04"})
_ESCAPE = "\x02"


def text_entry(parameter: str, *cells: str) -> str:
    """The text of one entry. Escaping preserves the order of texts and their prefixes."""
    return SEPARATOR.join((parameter, *map(escaped, cells)))


def parameter_prefix(parameter: str) -> str:
    """The prefix of the texts of a parameter, and of no others."""
    return parameter + SEPARATOR


def escaped(cell: str) -> str:
    """A cell with separators escaped."""
    if SEPARATOR in cell or _ESCAPE in cell:
        return cell.translate(_ESCAPES)
    return cell


def unescaped(cell: str) -> str:
    """The cell before it was escaped."""
    if _ESCAPE not in cell:
        return cell
    return cell.replace("\x02\x03", "\x01").replace("\x02\x04", "\x02")


def parameter_of(text: str) -> str:
    """The parameter of a text."""
    return text.partition(SEPARATOR)[0]


def distinct(texts: Iterable[str]) -> list[str]:
    """Each text once, because a resource may contain the same value twice."""
    return list(dict.fromkeys(texts))
