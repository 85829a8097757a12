"""Layers of conformance resources: loaded in memory, or indexed and read on first use.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from fhir_server.definitions.semver import rank

Resource = dict[str, Any]

ENUMERATED_TYPES = (
    "SearchParameter",
    "ConceptMap",
    "NamingSystem",
    "ImplementationGuide",
    "OperationDefinition",
)
"""Types whose resources can be enumerated; of other types there may be thousands."""

_CACHED_TYPE = "SearchParameter"
"""The type whose resources are all cached: they are small, and needed after every change of the registry."""

CACHE_MAX = 256
"""Resources of a lazy layer that are cached in memory."""


class Layer(Protocol):
    """One layer of conformance resources."""

    def find(self, canonical: str, type: str | None = None) -> Resource | None:
        """The resource at `url` or `url|version`."""
        ...

    def of_type(self, type: str) -> Iterable[Resource]:
        """All resources of a type, in order."""
        ...

    def versions(self, type: str) -> list[tuple[str, str]]:
        """The url and version of every resource of a type, in increasing precedence; empty if absent."""
        ...


class LoadedLayer:
    """A layer of resources in memory; of several with the same canonical the last one wins."""

    def __init__(self, resources: tuple[Resource, ...] = ()) -> None:
        self._resources = resources
        self._by_canonical: dict[str, list[Resource]] = {}
        for resource in resources:
            if url := resource.get("url"):
                self._by_canonical.setdefault(url, []).append(resource)
                if version := resource.get("version"):
                    self._by_canonical.setdefault(f"{url}|{version}", []).append(resource)

    def find(self, canonical: str, type: str | None = None) -> Resource | None:
        for resource in reversed(self._by_canonical.get(canonical, ())):
            if type in (None, resource["resourceType"]):
                return resource
        return None

    def of_type(self, type: str) -> Iterator[Resource]:
        return (resource for resource in self._resources if resource["resourceType"] == type)

    def versions(self, type: str) -> list[tuple[str, str]]:
        return [(resource.get("url", ""), resource.get("version", "")) for resource in self.of_type(type)]


@dataclass(frozen=True, slots=True)
class Entry:
    """The index entry of a resource; `key` says where to read it. An absent url or version is empty."""

    type: str
    url: str
    version: str
    key: str


class LazyLayer:
    """A layer whose resources are read on first use; a url without version means the newest version.

    `read` returns None for a resource that no longer exists; `pending` are resources that are not stored yet.
    """

    def __init__(
        self,
        entries: tuple[Entry, ...] = (),
        read: Callable[[Entry], Resource | None] = lambda _: None,
        pending: Mapping[Entry, Resource] | None = None,
    ) -> None:
        self.entries = entries
        self.pending = pending or {}
        self._read = read
        self._cached = lru_cache(CACHE_MAX)(self._existing)
        self._parameters: tuple[Resource, ...] | None = None
        self._by_url: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: rank(entry.version)):
            self._by_url.setdefault(entry.url, []).append(entry)

    def with_pending(self, brought: Mapping[Entry, Resource]) -> "LazyLayer":
        """The layer with resources that are about to be written; each replaces the one of its type and id."""
        replaced = {_place(entry) for entry in brought}
        kept = [entry for entry in self.entries if _place(entry) not in replaced]
        return LazyLayer((*kept, *brought), self._read, {**self.pending, **brought})

    def find(self, canonical: str, type: str | None = None) -> Resource | None:
        url, _, version = canonical.partition("|")
        for entry in reversed(self._by_url.get(url, ()) if url else ()):
            if type in (None, entry.type) and version in ("", entry.version):
                resource = self._resource(entry)
                if resource is not None:
                    return resource
        return None

    def of_type(self, type: str) -> Iterable[Resource]:
        """The resources of a type in `ENUMERATED_TYPES`; none for other types."""
        if type != _CACHED_TYPE:
            return self._all(type) if type in ENUMERATED_TYPES else ()
        if self._parameters is None:
            self._parameters = tuple(self._all(type))
        return self._parameters

    def _all(self, type: str) -> Iterator[Resource]:
        for entry in self.entries:
            if entry.type == type and (resource := self._resource(entry)) is not None:
                yield resource

    def versions(self, type: str) -> list[tuple[str, str]]:
        return [
            (entry.url, entry.version)
            for entries in self._by_url.values()
            for entry in entries
            if entry.type == type
        ]

    def _resource(self, entry: Entry) -> Resource | None:
        if entry in self.pending:
            return self.pending[entry]
        try:
            return self._cached(entry)
        except KeyError:
            return None

    def _existing(self, entry: Entry) -> Resource:
        """The resource; raises KeyError if it does not exist, so that its absence is not cached."""
        found = self._read(entry)
        if found is None:
            raise KeyError(entry.key)
        return found


def _place(entry: Entry) -> str:
    """The key without the version."""
    return entry.key.rpartition("/")[0]
