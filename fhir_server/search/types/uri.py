"""The uri parameter: whole URIs, compared as written.

https://hl7.org/fhir/R4/search.html#uri
"""

from fhir_server.search.ast import UriValue
from fhir_server.search.entries import Entries, UriEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, Reading, Target

_TYPES = frozenset({"uri", "url", "oid", "uuid", "string", "id"})


def parse(text: str, _reading: Reading) -> UriValue:
    """Any text is a URI value."""
    return UriValue(unescape(text))


def matches(entry: UriEntry, value: UriValue, _modifier: str | None) -> bool:
    return entry.value == value.value


def indexer(target: Target, _indexing: Indexing) -> Indexer | None:
    """The URI; a canonical with a version also without it, so that `_profile` finds every version."""
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
