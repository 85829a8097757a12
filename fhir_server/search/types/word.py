"""The words of _text and _content: those of the narrative, and those of all texts of a resource.

https://hl7.org/fhir/R4/search.html#text
"""

import re
from collections.abc import Callable, Mapping
from html import unescape
from typing import Any

from fhir_server.search.ast import WordValue
from fhir_server.search.entries import Entries, WordEntry
from fhir_server.search.types.string import bare, in_one_pass

NARRATIVE, CONTENT = "_text", "_content"
WORD_LENGTH_MAX = 64
"""Longer words are not indexed: nobody would search for them."""

TEXT_TYPES = frozenset({"string", "markdown"})

_TAG = re.compile(r"<!--.*?(?:-->|\Z)|<[^>]*>", re.DOTALL)

NamesOf = Callable[[str], frozenset[str]]
"""The JSON properties that hold text, by resource type."""


def words(*texts: str) -> dict[str, None]:
    """The distinct words of texts in order, without case, accents and punctuation."""
    plain = in_one_pass(" ".join(texts))
    if plain is None:
        plain = " ".join(map(bare, texts))
    found = [
        word
        for word in plain.split()
        if len(word) <= WORD_LENGTH_MAX and (word.isalnum() or any(map(str.isalnum, word)))
    ]
    return dict.fromkeys(found)


def matches(entry: WordEntry, value: WordValue, _modifier: str | None) -> bool:
    """Whether the words are equal."""
    return entry.word == value.word


def index_words(resource: Mapping[str, Any], names_of: NamesOf, entries: Entries) -> None:
    """Add the words of a resource. Words of the narrative are only indexed as such."""
    texts: list[str] = []
    _collect(resource, names_of, texts)
    found = words(*texts)
    narrative = _narrative(resource)
    if narrative:
        of_narrative = words(narrative)
        entries.words += [WordEntry(NARRATIVE, word) for word in of_narrative]
        found = {word: None for word in found if word not in of_narrative}
    entries.words += [WordEntry(CONTENT, word) for word in found]


def _narrative(resource: Mapping[str, Any]) -> str:
    text = resource.get("text")
    div = text.get("div") if type(text) is dict else None
    return unescape(_TAG.sub(" ", div)) if type(div) is str else ""


def _collect(resource: Mapping[str, Any], names_of: NamesOf, texts: list[str]) -> None:
    """Collect the texts of a resource at all levels, contained resources included."""
    names = names_of(resource["resourceType"])
    waiting = [resource]
    for value in waiting:
        for name, member in value.items():
            kind = type(member)
            if kind is str:
                if name in names:
                    texts.append(member)
            elif kind is dict or kind is list:
                for item in (member,) if kind is dict else member:
                    if type(item) is dict:
                        if "resourceType" in item:
                            _collect(item, names_of, texts)
                        else:
                            waiting.append(item)
                    elif type(item) is str and name in names:
                        texts.append(item)
