"""Layers of conformance resources: those at hand, and those that are listed now and read when asked for.

https://hl7.org/fhir/R4/references.html#canonical
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from fhir_server.definitions.semver import rank

Resource = dict[str, Any]

LISTED = ("SearchParameter", "ConceptMap", "NamingSystem", "ImplementationGuide", "OperationDefinition")
"""Types all of whose resources are asked for at once; of others there may be thousands."""

_KEPT = "SearchParameter"
"""The type whose resources are small, and asked for with every change of the registry."""

READ_MAX = 256
"""Resources of a listed layer that are kept in memory after they were read."""


class Layer(Protocol):
    """One layer of conformance resources."""

    def find(self, canonical: str, type: str | None = None) -> Resource | None:
        """The resource at `url` or `url|version`."""
        ...

    def of_type(self, type: str) -> Iterable[Resource]:
        """All resources of a type, in their order."""
        ...

    def versions(self, type: str) -> list[tuple[str, str]]:
        """The url and version of every resource of a type, the one that counts last; empty for none."""
        ...


class Resources:
    """A layer of resources at hand; of several with one canonical the last counts."""

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
    """What is known of a resource without reading it; `key` says where it is. An absent url or
    version is "".
    """

    type: str
    url: str
    version: str
    key: str


class Listed:
    """A layer of resources that `read` reads when they are asked for; a bare url means the newest version.

    `read` gives None for a resource that is there no more; `fresh` are resources that it cannot see yet.
    """

    def __init__(
        self,
        entries: tuple[Entry, ...] = (),
        read: Callable[[Entry], Resource | None] = lambda _: None,
        fresh: Mapping[Entry, Resource] | None = None,
    ) -> None:
        self.entries = entries
        self.fresh = fresh or {}
        self._read = read
        self._kept = lru_cache(READ_MAX)(self._existing)
        self._parameters: tuple[Resource, ...] | None = None
        self._by_url: dict[str, list[Entry]] = {}
        for entry in sorted(entries, key=lambda entry: rank(entry.version)):
            self._by_url.setdefault(entry.url, []).append(entry)

    def bringing(self, brought: Mapping[Entry, Resource]) -> "Listed":
        """The layer with resources that are about to be written, each for the one of its type and id."""
        replaced = {_place(entry) for entry in brought}
        kept = [entry for entry in self.entries if _place(entry) not in replaced]
        return Listed((*kept, *brought), self._read, {**self.fresh, **brought})

    def find(self, canonical: str, type: str | None = None) -> Resource | None:
        url, _, version = canonical.partition("|")
        for entry in reversed(self._by_url.get(url, ()) if url else ()):
            if type in (None, entry.type) and version in ("", entry.version):
                resource = self._resource(entry)
                if resource is not None:
                    return resource
        return None

    def of_type(self, type: str) -> Iterable[Resource]:
        """Those of the types that are `LISTED`."""
        if type != _KEPT:
            return self._all(type) if type in LISTED else ()
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
        if entry in self.fresh:
            return self.fresh[entry]
        try:
            return self._kept(entry)
        except KeyError:
            return None

    def _existing(self, entry: Entry) -> Resource:
        """The resource; raises KeyError for what is not there, so that this is not kept."""
        found = self._read(entry)
        if found is None:
            raise KeyError(entry.key)
        return found


def _place(entry: Entry) -> str:
    """The key without the version."""
    return entry.key.rpartition("/")[0]
