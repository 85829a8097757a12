"""Index entries as single texts: the parameter, then the cells, so that an index by them is one of texts.

`code|1234-5|http://loinc.org`, with a control character where the bars stand.
"""

from collections.abc import Iterable

SEPARATOR = "\x01"
_ESCAPES = str.maketrans({"\x01": "\x02\x03", "\x02": "\x02\x04"})
_ESCAPE = "\x02"


def flat(parameter: str, *cells: str) -> str:
    """The text of one entry. Escapes keep the order of texts, and what they begin with."""
    return SEPARATOR.join((parameter, *map(escaped, cells)))


def all_of_parameter(parameter: str) -> str:
    """What the texts of a parameter begin with, and no others."""
    return parameter + SEPARATOR


def escaped(cell: str) -> str:
    """A cell without a separator in it."""
    if SEPARATOR in cell or _ESCAPE in cell:
        return cell.translate(_ESCAPES)
    return cell


def unescaped(cell: str) -> str:
    """The cell as it was."""
    if _ESCAPE not in cell:
        return cell
    return cell.replace("\x02\x03", "\x01").replace("\x02\x04", "\x02")


def parameter_of(text: str) -> str:
    """The parameter of an entry."""
    return text.partition(SEPARATOR)[0]


def distinct(texts: Iterable[str]) -> list[str]:
    """Each text once, as clients may say the same thing twice."""
    return list(dict.fromkeys(texts))
