"""The string parameter: text compared without case, accents, punctuation and surplus space.

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
    """The normalised form of each character, computed on first use."""

    def __missing__(self, code_point: int) -> str:
        folded = unicodedata.normalize("NFKD", chr(code_point)).casefold()
        base = self[code_point] = "".join(map(_base, unicodedata.normalize("NFKD", folded)))
        return base


def _base(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Mn":
        return ""
    return " " if category.startswith(_SEPARATORS) else _LETTERS.get(character, character)


class _WithoutPunctuation(dict[int, int | None]):
    """A translation table that deletes punctuation, computed on first use."""

    def __missing__(self, code_point: int) -> int | None:
        is_punctuation = unicodedata.category(chr(code_point)).startswith("P")
        kept = self[code_point] = None if is_punctuation else code_point
        return kept


_BASES = _Bases()
_WITHOUT_PUNCTUATION = _WithoutPunctuation()
_ENCODINGS = ("latin-1", "cp1252")
"""Single-byte encodings. The first covers nearly all texts of Western Europe, the second most others."""
_OTHER = 0x7F
"""DEL, which no text should contain: marks characters whose normalised form is not a single byte."""


def _byte(encoding: str, code: int) -> int:
    """The normalised form of a byte; `_OTHER` if that is not one byte, as for a ligature."""
    if code < 128:
        return ord(" ") if chr(code) in _ASCII_PUNCTUATION else ord(chr(code).lower())
    base = _BASES[ord(bytes((code,)).decode(encoding, "replace"))]
    encoded = b" " if base.isspace() else base.encode(encoding, "replace")
    return encoded[0] if len(encoded) == 1 and encoded != b"?" else _OTHER


_BYTES = {encoding: bytes([_byte(encoding, code) for code in range(256)]) for encoding in _ENCODINGS}
_ASCII = _BYTES["latin-1"]

_MARKS = "\u0300"
"""The first combining character. Below it, Unicode normalisation works character by character."""

_has_divided_word = re.compile(r"\w[^\w\s]+\w").search

_PARTS: Mapping[str, tuple[str, ...]] = {
    "HumanName": ("family", "given", "prefix", "suffix", "text"),
    "Address": ("text", "line", "city", "district", "state", "postalCode", "country"),
}
"""The indexed parts of a type, for a string parameter that selects the whole of it."""

_PLAIN = frozenset({"string", "markdown", "code", "id", "uri", "url", "canonical"})


def normalise(text: str) -> str:
    """The normalised text: no case, no accents, one space for any run of spaces and punctuation.

    A hyphen or apostrophe counts as a space, so that Jean-Pierre and Jean Pierre are the same. Text of
    punctuation alone is unchanged.
    """
    return " ".join(bare(text).split()) or text


def joined(text: str, normalised: str) -> str:
    """The normalised text with punctuation within words deleted, so that O'Neill and ONeill are the same;
    empty if that does not differ from the `normalised` text.
    """
    if text.replace(" ", "").isalnum() or _has_divided_word(text) is None:
        return ""
    found = normalise(text.translate(_WITHOUT_PUNCTUATION))
    return "" if found == normalised else found


def bare(text: str) -> str:
    """The text without case and accents, with spaces in place of punctuation."""
    plain = in_one_pass(text)
    return _of_any_script(text) if plain is None else plain


def in_one_pass(text: str) -> str | None:
    """As `bare`, for texts in a single-byte encoding; None for any other."""
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
    """The text for :exact: as written, in Unicode's composed form (NFC)."""
    return unicodedata.normalize("NFC", text)


def _both(text: str) -> tuple[str, str]:
    return normalise(text), text if text.isascii() else exactly(text)


COMPARED: Mapping[str, tuple[str, str]] = Memo(_both)
"""A cache of the normalised text and the text for :exact. Names, towns and displays often recur, even
within one resource."""


def parse(text: str, _context: ParseContext) -> StringValue:
    """Any text is a string value."""
    text = unescape(text)
    return StringValue(normalise(text), exactly(text))


def matches(entry: StringEntry, value: StringValue, modifier: str | None) -> bool:
    """Whether a text matches: by default it starts with the value. :exact compares the text as written, all
    other modifiers the normalised one.
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
"""Comparisons of an entry's text with the value's; the order is that of code points."""
OF_THE_WHOLE = ("ne", "gt", "lt", "ge", "le")
"""Comparisons with whole texts only: they skip entries of variants, whose `exact` is empty."""


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """Every part of a HumanName or Address; for a HumanName also given names and family name together."""
    if target.type in _PARTS:
        return parts_indexer(target.type, {"": [target.parameter]})
    if target.path == "HumanName.family":
        return _texts(_entry_cache((target.parameter,), _family_variants))
    return _texts(_entry_cache((target.parameter,), _variants)) if target.type in _PLAIN else None


def part_of(target: Target) -> tuple[str, str] | None:
    """The type with parts, such as HumanName, and the part that a parameter selects, empty for all of them;
    None for other elements.
    """
    if target.type in _PARTS:
        return target.type, ""
    type, _, part = target.path.partition(".")
    return (type, part) if part in _PARTS.get(type, ()) else None


def parts_indexer(type: str, wanted: Mapping[str, Sequence[str]]) -> Indexer:
    """Index every part once for all its parameters. `wanted` are their codes by part, "" for all parts."""
    whole = tuple(wanted.get("", ()))
    parameters = {part: (*whole, *wanted.get(part, ())) for part in _PARTS[type]}
    caches = {
        part: _entry_cache(codes, _family_variants if part == "family" else _variants)
        for part, codes in parameters.items()
        if codes
    }
    return _name(caches, whole) if type == "HumanName" and whole else _parts(caches)


Variants = list[tuple[str, str]]
"""The variants under which a text is indexed: (normalised, as written). The second is empty for the end of a
text and for a text without punctuation, which are neither sorted by nor compared exactly.
"""

EntryCache = Mapping[str, list[StringEntry]]
"""A cache of the entries of a text."""


def _variants(text: str) -> Variants:
    compared = _both(text)
    without = " " in compared[0] and joined(text, compared[0])
    return [compared, (without, "")] if without else [compared]


def _family_variants(text: str) -> Variants:
    """A family name and its ends from each further word: Carreno Quinones is found by quinones too."""
    words = normalise(text).split(" ")
    return _variants(text) + [(" ".join(words[start:]), "") for start in range(1, len(words))]


def _entries(parameters: tuple[str, ...], variants: Variants) -> list[StringEntry]:
    return [StringEntry(parameter, text, exact) for text, exact in variants for parameter in parameters]


def _entry_cache(parameters: tuple[str, ...], variants_of: Callable[[str], Variants]) -> EntryCache:
    return Memo(lambda text: _entries(parameters, variants_of(text)))


def _texts(cache: EntryCache) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.strings += cache[value]

    return index


def _parts(caches: Mapping[str, EntryCache]) -> Indexer:
    def index(value: Mapping[str, Any], entries: Entries) -> None:
        for name, part in value.items():
            if part and name in caches:
                if type(part) is str:
                    entries.strings += caches[name][part]
                else:
                    for text in part:
                        if text:
                            entries.strings += caches[name][text]

    return index


def _name(caches: Mapping[str, EntryCache], parameters: tuple[str, ...]) -> Indexer:
    """The parts and, unless the name has a text, given and family name: `name=jean dup` finds Jean Dupont."""
    index_parts = _parts(caches)

    def index(name: Mapping[str, Any], entries: Entries) -> None:
        index_parts(name, entries)
        if not name.get("text"):
            given = [text for text in name.get("given") or () if text]
            whole = " ".join([*given, name.get("family") or ""]).strip()
            if whole:
                entries.strings += _entries(parameters, _variants(whole))

    return index
