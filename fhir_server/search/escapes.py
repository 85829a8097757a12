"""The separators of search values and their escapes: `\\,` `\\|` `\\$` `\\\\`.

https://hl7.org/fhir/R4/search.html#escaping
"""

import re

_SEPARATOR = re.compile(r"([,|$\\])")
_ESCAPE = re.compile(r"\\([,|$\\])")
_STRAY = re.compile(r"\\(?![,|$\\])")


def split(text: str, separator: str) -> list[str]:
    """The parts of `text` between separators that are not escaped; the parts keep their escapes."""
    if "\\" not in text:
        return text.split(separator)
    parts, start, position = [], 0, 0
    while position < len(text):
        if text[position] == "\\":
            position += 2
            continue
        if text[position] == separator:
            parts.append(text[start:position])
            start = position + 1
        position += 1
    return [*parts, text[start:]]


def bar_parts(text: str) -> list[str]:
    """The parts of a value between its bars, unescaped."""
    if "\\" not in text:
        return text.split("|")
    return [unescape(part) for part in split(text, "|")]


def is_empty(value: str) -> bool:
    """Whether a value has nothing but commas and spaces."""
    return not value.replace(",", "").strip()


def escape(text: str) -> str:
    """The text with its separators escaped."""
    return _SEPARATOR.sub(r"\\\1", text)


def unescape(text: str) -> str:
    """The text without its escapes."""
    return _ESCAPE.sub(r"\1", text) if "\\" in text else text


def has_stray_escape(text: str) -> bool:
    """Whether a backslash precedes a character that it may not escape, which R4 forbids."""
    return "\\" in text and _STRAY.search(_ESCAPE.sub("", text)) is not None
