"""The string parameter: text without regard to case, accents, punctuation and surplus space.

https://hl7.org/fhir/R4/search.html#string
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fhir_server.core.memo import Memo
from fhir_server.search.ast import StringValue
from fhir_server.search.entries import Entries, StringEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target

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


class _Unpunctuated(dict[int, int | None]):
    """Each character but those of punctuation, found out when it is first met."""

    def __missing__(self, code_point: int) -> int | None:
        is_punctuation = unicodedata.category(chr(code_point)).startswith("P")
        kept = self[code_point] = None if is_punctuation else code_point
        return kept


_BASES = _Bases()
_UNPUNCTUATED = _Unpunctuated()
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

_PARTS: Mapping[str, tuple[str, ...]] = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}
"""By type: the parts by which a value is found where a string parameter looks at the whole of it."""

_PLAIN = frozenset({"string", "markdown", "code", "id", "uri", "url", "canonical"})


def normalise(text: str) -> str:
    """The text as it is compared: no case, no accents, one space for any run of spaces and punctuation.

    A hyphen or apostrophe counts as a space, so that Jean-Pierre and Jean Pierre are one. Text of nothing but
    punctuation stays as it is.
    """
    return " ".join(bare(text).split()) or text


def joined(text: str, normalised: str) -> str:
    """The text as it is compared where punctuation within words is nothing at all, so that O'Neill and ONeill
    are one; empty where that makes no difference to how it is `normalised`.
    """
    if text.replace(" ", "").isalnum() or _has_divided_word(text) is None:
        return ""
    found = normalise(text.translate(_UNPUNCTUATED))
    return "" if found == normalised else found


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


def parse(text: str, _context: ParseContext) -> StringValue:
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
    """Every part of a HumanName or Address, and of a whole name also its parts in their usual order."""
    if target.type in _PARTS:
        return parts_indexer(target.type, {"": [target.parameter]})
    if target.path == "HumanName.family":
        return _texts(_remembered((target.parameter,), _ways_of_family))
    return _texts(_remembered((target.parameter,), _ways)) if target.type in _PLAIN else None


def part_of(target: Target) -> tuple[str, str] | None:
    """The type with parts that a parameter looks into, and the one part that it looks at, if not at all."""
    if target.type in _PARTS:
        return target.type, ""
    type, _, part = target.path.partition(".")
    return (type, part) if part in _PARTS.get(type, ()) else None


def parts_indexer(type: str, wanted: Mapping[str, Sequence[str]]) -> Indexer:
    """Indexes every part once for all parameters that look at it. `wanted` gives their codes by part; those
    of the part "" look at the whole.
    """
    whole = tuple(wanted.get("", ()))
    parameters = {part: (*whole, *wanted.get(part, ())) for part in _PARTS[type]}
    known = {
        part: _remembered(codes, _ways_of_family if part == "family" else _ways)
        for part, codes in parameters.items()
        if codes
    }
    return _name(known, whole) if type == "HumanName" and whole else _parts(known)


Ways = list[tuple[str, str]]
"""How a text is found: as it is compared, and as written. What is but the end of it, or what it is without
punctuation, is no value to be sorted by and to be compared exactly, and has nothing as written.
"""

Remembered = Mapping[str, list[StringEntry]]
"""The entries of a text, made when it first comes."""


def _ways(text: str) -> Ways:
    compared = _both(text)
    without = " " in compared[0] and joined(text, compared[0])
    return [compared, (without, "")] if without else [compared]


def _ways_of_family(text: str) -> Ways:
    """A family name from each of its words on: Carreno Quinones is found by quinones too."""
    words = normalise(text).split(" ")
    return _ways(text) + [(" ".join(words[start:]), "") for start in range(1, len(words))]


def _entries(parameters: tuple[str, ...], ways: Ways) -> list[StringEntry]:
    return [StringEntry(parameter, text, exact) for text, exact in ways for parameter in parameters]


def _remembered(parameters: tuple[str, ...], ways_of: Callable[[str], Ways]) -> Remembered:
    return Memo(lambda text: _entries(parameters, ways_of(text)))


def _texts(known: Remembered) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.strings += known[value]

    return index


def _parts(known: Mapping[str, Remembered]) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        for name, part in value.items():
            if part and name in known:
                if type(part) is str:
                    entries.strings += known[name][part]
                else:
                    for text in part:
                        if text:
                            entries.strings += known[name][text]

    return index


def _name(known: Mapping[str, Remembered], parameters: tuple[str, ...]) -> Indexer:
    """The parts, and the whole as written or as spoken, so that `name=jean dup` finds Jean Dupont."""
    index_parts = _parts(known)

    def index(name: Mapping[str, Any], entries: Entries) -> None:
        index_parts(name, entries)
        if not name.get("text"):
            given = [text for text in name.get("given") or () if text]
            whole = " ".join([*given, name.get("family") or ""]).strip()
            if whole:
                entries.strings += _entries(parameters, _ways(whole))

    return index
