"""The conformance resources in the store: those of installed packages, and those of clients.

They are listed when an engine is made, and read on demand.
https://hl7.org/fhir/R4/conformance-module.html
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any

import msgspec

from fhir_server.core import json
from fhir_server.definitions.layers import Entry, LazyLayer
from fhir_server.definitions.packages.package import PackageIndex, decompress_resource
from fhir_server.interactions.all_matches import all_matches
from fhir_server.search.ast import SearchQuery
from fhir_server.store.port import Reader, Store, StoredResource

CLIENT_TYPES = (
    *("StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap", "NamingSystem"),
    "OperationDefinition",
)
"""Types of which clients' resources are used from their commit on. SearchParameters are separate."""

PACKAGES = "package/"
CONTENTS = "package-content/"
"""Prefixes of document names: the indexes of packages, and their resources."""

FRESH_MAX = 256
"""The most recent resources to keep in memory, since other connections cannot read them yet."""

_PAGE = 500

Resource = dict[str, Any]
_index = msgspec.json.Decoder(PackageIndex).decode


def installed(reader: Reader) -> tuple[PackageIndex, ...]:
    """The installed packages, by name and version."""
    return tuple(_index(reader.document(name) or b"") for name in reader.documents(PACKAGES))


def packaged(reader: Reader, contents: Reader) -> LazyLayer:
    """The resources of all installed packages, each read from `contents` on demand."""
    entries = tuple(entry for package in installed(reader) for entry in package.entries())

    def read(entry: Entry) -> Resource | None:
        document = contents.document(CONTENTS + entry.key)
        return None if document is None else decompress_resource(document)

    return LazyLayer(entries, read)


class StoredConformance:
    """Lists the conformance resources of a store; an unchanged list is the same object as before."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._last: tuple[tuple[str, ...], LazyLayer] = ((), LazyLayer())

    def packages(self, reader: Reader) -> LazyLayer:
        """The resources of all packages that the reader sees. Packages are immutable."""
        names = reader.documents(PACKAGES)
        before, packages = self._last
        if names != before:
            packages = packaged(reader, self._store)
            self._last = names, packages
        return packages

    def clients(self, reader: Reader, known: LazyLayer) -> LazyLayer:
        """The resources of clients that the reader sees; `known` itself if they are unchanged."""
        entries: list[Entry] = []
        new: dict[Entry, Resource] = {}
        by_key = {entry.key: entry for entry in known.entries}
        for stored in every(reader, *CLIENT_TYPES):
            entry = by_key.get(f"{stored.reference}/{stored.version}")
            if entry is None:
                content = json.parse_own(stored.body)
                entry = _entry(stored, content)
                new[entry] = content
            entries.append(entry)
        if tuple(entries) == known.entries:
            return known
        pending = {**{entry: known.pending[entry] for entry in entries if entry in known.pending}, **new}
        last = dict(islice(reversed(pending.items()), FRESH_MAX))
        return LazyLayer(tuple(entries), self._of_client, last)

    def _of_client(self, entry: Entry) -> Resource | None:
        type, id, version = entry.key.split("/")
        stored = self._store.read_version(type, id, int(version))
        return None if stored is None else json.parse_own(stored.body)


def every(reader: Reader, *types: str) -> Iterator[StoredResource]:
    """Every resource of some types."""
    return all_matches(reader, SearchQuery(types, count=_PAGE, total="none"))


def _entry(stored: StoredResource, content: Resource) -> Entry:
    key = f"{stored.reference}/{stored.version}"
    return Entry(stored.type, content.get("url", ""), content.get("version", ""), key)
