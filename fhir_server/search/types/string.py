"""The string parameter: text without regard to case, accents, punctuation and surplus space.

https://hl7.org/fhir/R4/search.html#string
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.core.memo import Memo
from fhir_server.search.ast import StringValue
from fhir_server.search.entries import Entries, StringEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target

_ASCII_PUNCTUATION = "!\"#%&'()*,-./:;?@[\\]^_`{}"
_LETTERS = {"œ": "oe", "æ": "ae", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i"}
_SEPARATORS = ("P", "Z", "Sk", "Cc")


class _Bases(dict[int, str]):
    """What each character is compared as, worked out when it is first met."""

    def __missing__(self, code_point: int) -> str:
        folded = unicodedata.normalize("NFKD", chr(code_point)).casefold()
        base = self[code_point] = "".join(map(_base, unicodedata.normalize("NFKD", folded)))
        return base


def _base(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return " " if category.startswith(_SEPARATORS) else _LETTERS.get(character, character)


_BASES = _Bases()
_ENCODINGS = ("latin-1", "cp1252")
"""Of a byte for each character. Nearly all texts of Western Europe can be written in the first, and nearly
all others in the second.
"""
_OTHER = 0x7F
"""Delete, which no text ought to hold: stands for what takes more than a byte."""


def _byte(encoding: str, code: int) -> int:
    """What a byte is compared as; `_OTHER` where that is not one byte, as for a ligature."""
    if code < 128:
        return ord(" ") if chr(code) in _ASCII_PUNCTUATION else ord(chr(code).lower())
    base = _BASES[ord(bytes((code,)).decode(encoding, "replace"))]
    encoded = b" " if base.isspace() else base.encode(encoding, "replace")
    return encoded[0] if len(encoded) == 1 and encoded != b"?" else _OTHER


_BYTES = {encoding: bytes([_byte(encoding, code) for code in range(256)]) for encoding in _ENCODINGS}
_ASCII = _BYTES["latin-1"]

_MARKS = "\u0300"
"""Characters from here on may change their order with what stands beside them; Latin letters do not."""

_has_divided_word = re.compile(r"\w[^\w\s]+\w").search

_TITLES = ("prefix", "suffix")
_ADDRESS_PARTS = ("text", "line", "city", "district", "state", "postalCode", "country")
_PLAIN = frozenset({"string", "markdown", "code", "id", "uri", "url", "canonical"})


def normalise(text: str) -> str:
    """The text as it is compared: no case, no accents, one space for any run of spaces and punctuation.

    A hyphen or apostrophe counts as a space, so that Jean-Pierre and Jean Pierre are one. Text of nothing but
    punctuation stays as it is.
    """
    return " ".join(bare(text).split()) or text


def joined(text: str) -> str:
    """The text as it is compared where punctuation within words is nothing at all, so that O'Neill and ONeill
    are one; empty where that makes no difference.
    """
    if _has_divided_word(text) is None:
        return ""
    found = normalise("".join(c for c in text if not unicodedata.category(c).startswith("P")))
    return "" if found == normalise(text) else found


def bare(text: str) -> str:
    """The text without case, accents and punctuation, which became spaces."""
    plain = in_one_pass(text)
    return _of_any_script(text) if plain is None else plain


def in_one_pass(text: str) -> str | None:
    """As `bare`, for the texts that can be written with a byte for each character."""
    if text.isascii():
        return text.encode().translate(_ASCII).decode()
    for encoding, as_compared in _BYTES.items():
        try:
            plain = text.encode(encoding).translate(as_compared)
        except UnicodeEncodeError:
            continue
        if _OTHER not in plain:
            return plain.decode(encoding)
    return None


def _of_any_script(text: str) -> str:
    if max(text) < _MARKS:
        return text.translate(_BASES)
    folded = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFKD", folded).translate(_BASES)


def exactly(text: str) -> str:
    """The text as :exact compares it: as written, in the composed form of Unicode."""
    return unicodedata.normalize("NFC", text)


def _both(text: str) -> tuple[str, str]:
    return normalise(text), text if text.isascii() else exactly(text)


COMPARED: Mapping[str, tuple[str, str]] = Memo(_both)
"""By a text, how it is compared, and how :exact compares it. Names, towns and what codes display come again
and again, even within one resource."""
_JOINED: Mapping[str, str] = Memo(joined)


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
    if modifier in OF_THE_WHOLE and not entry.exact:
        return False
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
OF_THE_WHOLE = ("ne", "gt", "lt", "ge", "le")
"""Comparisons with whole texts, not with what they are also found by, which has nothing as written."""


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """Of a HumanName or Address every part, and of a whole name also its usual order."""
    parameter = target.parameter
    if target.type == "HumanName":
        return _name(parameter)
    if target.type == "Address":
        return _address(parameter)
    if target.path == "HumanName.family":
        return _family(parameter)
    if target.type in _PLAIN:
        return _one(parameter)
    return None


def _one(parameter: str) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        text, exact = COMPARED[value]
        entries.strings.append(StringEntry(parameter, text, exact))
        if " " in text and (without := _JOINED[value]):
            entries.strings.append(StringEntry(parameter, without, ""))

    return index


def _family(parameter: str) -> Indexer:
    """The family name from each of its words on: Carreno Quinones is found by quinones too.

    Only the whole is a value, to be sorted by and to be compared exactly; the others have nothing as written.
    """

    def index(value: str, entries: Entries) -> None:
        text, exact = COMPARED[value]
        entries.strings.append(StringEntry(parameter, text, exact))
        if " " in text and (without := _JOINED[value]):
            entries.strings.append(StringEntry(parameter, without, ""))
        while " " in text:
            text = text.partition(" ")[2]
            entries.strings.append(StringEntry(parameter, text, ""))

    return index


def _name(parameter: str) -> Indexer:
    """The parts, and the whole as written or as spoken, so that `name=jean dup` finds Jean Dupont."""
    index_family = _family(parameter)

    def index(name: Mapping[str, Any], entries: Entries) -> None:
        family = name.get("family") or ""
        if family:
            index_family(family, entries)
        texts = [text for text in name.get("given") or () if text]
        whole = name.get("text") or " ".join([*texts, family]).strip()
        texts += _texts(name, _TITLES)
        if whole:
            texts.append(whole)
        _add(parameter, texts, entries)

    return index


def _address(parameter: str) -> Indexer:
    def index(address: Mapping[str, Any], entries: Entries) -> None:
        _add(parameter, _texts(address, _ADDRESS_PARTS), entries)

    return index


def _add(parameter: str, texts: list[str], entries: Entries) -> None:
    strings = entries.strings
    for written in texts:
        text, exact = COMPARED[written]
        strings.append(StringEntry(parameter, text, exact))
        if " " in text and (without := _JOINED[written]):
            strings.append(StringEntry(parameter, without, ""))


def _texts(value: Mapping[str, Any], names: tuple[str, ...]) -> list[str]:
    texts = []
    for name in names:
        part = value.get(name)
        if type(part) is list:
            texts += [text for text in part if text]
        elif part:
            texts.append(part)
    return texts
