"""_include and _revinclude: the resources included with the matches of a page.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fhir_server.core import json
from fhir_server.extension import Engine
from fhir_server.interactions.canonical_search import CanonicalSearch
from fhir_server.search.ast import Include
from fhir_server.search.entries import ReferenceEntry
from fhir_server.store.port import Reader, StoredResource

_VERSIONED = b"/_history/"


def included(
    includes: Sequence[Include], matches: tuple[StoredResource, ...], engine: Engine, reader: Reader
) -> tuple[tuple[StoredResource, ...], bool]:
    """A page's included resources, without duplicates and matches, and whether the limit was exceeded."""
    if not includes:
        return (), False
    limit = engine.limits.include_max
    seen = {(match.reference, match.version) for match in matches}
    found: list[StoredResource] = []
    sources, wanted = matches, tuple(includes)
    while sources and wanted:
        fresh: list[StoredResource] = []
        present = {source.type for source in sources}
        for include in wanted:
            if not include.reverse and present.isdisjoint(include.sources or present):
                continue
            step = _Step(include, limit + 1, engine, reader)
            for stored in (*step.by_reference(sources), *step.by_canonical(sources)):
                if (stored.reference, stored.version) not in seen:
                    seen.add((stored.reference, stored.version))
                    fresh.append(stored)
        found += fresh
        sources, wanted = tuple(fresh), tuple(include for include in includes if include.iterate)
        if len(found) > limit:
            return tuple(found[:limit]), True
    return tuple(found), False


@dataclass(frozen=True, slots=True)
class _Step:
    """One include, followed from some resources to at most `limit` others."""

    include: Include
    limit: int
    engine: Engine
    reader: Reader

    def by_canonical(self, sources: tuple[StoredResource, ...]) -> list[StoredResource]:
        canonicals = CanonicalSearch(self.engine, self.reader)
        if self.include.reverse:
            return canonicals.referring(sources, self.include)
        return canonicals.referred(sources, self.include)

    def by_reference(self, sources: tuple[StoredResource, ...]) -> Iterator[StoredResource]:
        """The targets of references; that of a versioned reference in that version.

        https://hl7.org/fhir/R4/search.html#versions
        """
        pinning = (
            () if self.include.reverse else tuple(source for source in sources if _VERSIONED in source.body)
        )
        if not pinning:
            yield from self.reader.included(sources, self.include, self.limit)
            return
        others = tuple(source for source in sources if source not in pinning)
        yield from self.reader.included(others, self.include, self.limit)
        references = [reference for source in pinning for reference in self._references(source)]
        floating = {(reference.type, reference.target) for reference in references if not reference.version}
        for stored in self.reader.included(pinning, self.include, self.limit):
            if (stored.type, stored.id) in floating:
                yield stored
        for reference in dict.fromkeys(references):
            if reference.version.isdecimal():
                yield from self._version(reference)

    def _references(self, source: StoredResource) -> Iterator[ReferenceEntry]:
        """The references to resources of this server that the include follows."""
        if source.type not in (self.include.sources or (source.type,)):
            return
        for reference in self.engine.extractor.entries(json.parse_own(source.body)).references:
            if reference.type and self.include.follows(reference.parameter, reference.type):
                yield reference

    def _version(self, reference: ReferenceEntry) -> Iterator[StoredResource]:
        stored = self.reader.read_version(reference.type, reference.target, int(reference.version))
        if stored is not None and not stored.deleted:
            yield stored
