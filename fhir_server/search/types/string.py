"""The string parameter: text without regard to case, accents, punctuation and surplus space.

https://hl7.org/fhir/R4/search.html#string
"""

import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from fhir_server.search.ast import StringValue
from fhir_server.search.entries import Entries, StringEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target

_ASCII_PUNCTUATION = "!\"#%&'()*,-./:;?@[\\]^_`{}"
_ASCII = str.maketrans(_ASCII_PUNCTUATION, " " * len(_ASCII_PUNCTUATION))
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
_SEPARATORS = ("P", "Z", "Sk", "Cc")


class _Bases(dict[int, str]):
    """What each character is compared as, worked out when it is first met."""

    def __missing__(self, code_point: int) -> str:
        base = self[code_point] = _base(chr(code_point))
        return base


def _base(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return " " if category.startswith(_SEPARATORS) else _LETTERS.get(character, character)


_BASES = _Bases()

_NAME_PARTS = ("given", "prefix", "suffix")
_ADDRESS_PARTS = ("line", "city", "district", "state", "postalCode", "country")
_PLAIN = frozenset({"string", "markdown", "code", "id", "uri", "url", "canonical"})


def normalise(text: str) -> str:
    """The text as it is compared: no case, no accents, one space for any run of spaces and punctuation.

    A hyphen or apostrophe counts as a space, so that Jean-Pierre and Jean Pierre are one. Text of nothing but
    punctuation stays as it is.
    """
    if text.isascii():
        plain = text.lower().translate(_ASCII)
    else:
        folded = unicodedata.normalize("NFKD", text).casefold()
        plain = unicodedata.normalize("NFKD", folded).translate(_BASES)
    return " ".join(plain.split()) or text


def exactly(text: str) -> str:
    """The text as :exact compares it: as written, in the composed form of Unicode."""
    return unicodedata.normalize("NFC", text)


def parse(text: str, _reading: Reading) -> StringValue:
    """Any text is a string value."""
    text = unescape(text)
    return StringValue(normalise(text), exactly(text))


def matches(entry: StringEntry, value: StringValue, modifier: str | None) -> bool:
    """By default the entry starts with the value; :exact compares it as written, and all else as the index
    has it.
    """
    if modifier == "exact":
        return entry.exact == value.exact
    compare = _COMPARISONS.get(modifier or "", str.startswith)
    return compare(entry.text, value.text)


def _has_words(text: str, words: str) -> bool:
    return set(words.split()).issubset(text.split())


_COMPARISONS: Mapping[str, Callable[[str, str], bool]] = {
    "contains": str.__contains__,
    "text": _has_words,
    "eq": str.__eq__,
    "ne": str.__ne__,
    "ew": str.endswith,
    "gt": str.__gt__,
    "lt": str.__lt__,
    "ge": str.__ge__,
    "le": str.__le__,
}
"""How an entry's text compares with the value's, in the order of code points."""


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """Of a HumanName or Address every part, and of a whole name also its usual order."""
    parameter = target.parameter
    if target.type == "HumanName":
        return _each(parameter, _of_name)
    if target.type == "Address":
        return _each(parameter, _of_address)
    if target.path == "HumanName.family":
        return _each(parameter, _family_words)
    if target.type in _PLAIN:
        return _one(parameter)
    return None


def _one(parameter: str) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.strings.append(StringEntry(parameter, normalise(value), exactly(value)))

    return index


def _each(parameter: str, texts_of: Any) -> Indexer:
    def index(value: Any, entries: Entries) -> None:
        for text, exact in texts_of(value):
            entries.strings.append(StringEntry(parameter, text, exactly(exact)))

    return index


def _of_name(name: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The parts, and the whole as written or as spoken, so that `name=jean dup` finds Jean Dupont."""
    family = name.get("family")
    if family:
        yield from _family_words(family)
    for text in _texts(name, _NAME_PARTS):
        yield normalise(text), text
    whole = name.get("text") or " ".join([*_texts(name, ("given",)), family or ""]).strip()
    if whole:
        yield normalise(whole), whole


def _family_words(family: str) -> Iterator[tuple[str, str]]:
    """The family name from each of its words on: Carreno Quinones is found by quinones too.

    Only the whole is a value, to be sorted by and to be compared exactly; the others have nothing as written.
    """
    text = normalise(family)
    yield text, family
    while " " in text:
        text = text.partition(" ")[2]
        yield text, ""


def _of_address(address: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for text in _texts(address, ("text", *_ADDRESS_PARTS)):
        yield normalise(text), text


def _texts(value: Mapping[str, Any], names: tuple[str, ...]) -> Iterator[str]:
    for name in names:
        part = value.get(name)
        if type(part) is list:
            yield from (text for text in part if text)
        elif part:
            yield part
