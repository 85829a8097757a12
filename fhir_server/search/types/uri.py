"""The uri parameter: whole URIs, compared as written.

https://hl7.org/fhir/R4/search.html#uri
"""

import re

from fhir_server.search.ast import UriValue
from fhir_server.search.entries import Entries, UriEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target

_URL = re.compile(r"(?P<root>[A-Za-z][A-Za-z0-9+.-]*://[^/?#]+)(?P<path>(?:/.*?[^/])?)/*", re.DOTALL)

_TYPES = frozenset({"uri", "url", "oid", "uuid", "string", "id"})


def parse(text: str, _context: ParseContext) -> UriValue:
    """Any text is a URI value."""
    return UriValue(unescape(text))


def matches(entry: UriEntry, value: UriValue, modifier: str | None) -> bool:
    """Whether a URI equals the value, starts with it (`below`), or contains it (`contains`, from R5)."""
    if modifier == "below":
        return entry.value.startswith(value.value)
    if modifier == "contains":
        return value.value in entry.value
    return (entry.value == value.value) != (modifier == "ne")


def segments(uri: str) -> list[str] | None:
    """A URL and its prefixes by whole path segments, the longest first; None for what is no URL, such as a
    URN.
    """
    found = _URL.fullmatch(uri)
    if found is None:
        return None
    root, path = found["root"], found["path"].split("/")
    return ["/".join([root, *path[1:end]]) for end in range(len(path), 0, -1)]


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """The URI; a canonical with a version also without it, so that `_profile` matches every version."""
    parameter = target.parameter
    if target.type == "canonical":
        return _canonical(parameter)
    return _uri(parameter) if target.type in _TYPES else None


def _uri(parameter: str) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.uris.append(UriEntry(parameter, value))

    return index


def _canonical(parameter: str) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        entries.uris.append(UriEntry(parameter, value))
        url, separator, _ = value.partition("|")
        if separator:
            entries.uris.append(UriEntry(parameter, url))

    return index
