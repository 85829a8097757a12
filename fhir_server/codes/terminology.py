"""The terminology service, used by operations, validation and searches.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fhir_server.codes.expansion import Expander, Expansion, ExpansionRequest
from fhir_server.codes.lru_cache import LruCache
from fhir_server.codes.translation import ConceptMap, Match, TranslationRequest, Translator
from fhir_server.codes.view import ValueSet, Versions, View
from fhir_server.definitions.compositions import CircularImport
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.value_sets import composition_of

EXPANSION_MAX = 1_500
_VIEWS_MAX = 32
_EXPANSIONS_MAX = 32


class RemoteServer(Protocol):
    """A remote terminology server, asked about codes that are unknown here."""

    def contains(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> bool | None: ...


class Terminology:
    """Answers questions about the codes of a registry, with caches: a registry never changes.

    `expansion_max` limits the codes of an expansion without a count.
    """

    def __init__(
        self, registry: Registry, remote: RemoteServer | None = None, expansion_max: int = EXPANSION_MAX
    ) -> None:
        self.registry = registry
        self.expansion_max = expansion_max
        self._remote = remote
        self._default_view = View(registry)
        self._views: LruCache[tuple[Any, ...], View] = LruCache(_VIEWS_MAX)
        self._expansions: LruCache[tuple[Any, ...], Expansion] = LruCache(_EXPANSIONS_MAX)

    @property
    def has_remote(self) -> bool:
        """Whether a remote terminology server may be asked, which is slow."""
        return self._remote is not None

    def with_registry(self, registry: Registry) -> "Terminology":
        """The service for another registry; itself if it is the same."""
        if registry is self.registry:
            return self
        return Terminology(registry, self._remote, self.expansion_max)

    def with_resources(self, resources: Iterable[Mapping[str, Any]]) -> "Terminology":
        """The service with additional resources for one request; they take precedence over all others."""
        more = tuple(dict(resource) for resource in resources)
        if not more:
            return self
        return self.with_registry(self.registry.with_stored((*self.registry.stored, *more)))

    def view(self, versions: Versions | None = None, supplements: tuple[str, ...] = ()) -> View:
        """A view in certain versions and with certain supplements. Raises `NotFound`."""
        if not versions and not supplements:
            return self._default_view
        versions = versions or Versions()
        key = (
            *(
                tuple(sorted(by.items()))
                for by in (versions.default, versions.check, versions.force, versions.value_sets)
            ),
            supplements,
        )
        return self._views.get(key, lambda: View(self.registry, versions, supplements))

    def contains(
        self, value_set: str, system: str | None, code: str, *, version: str | None = None
    ) -> bool | None:
        """Whether a code is in the value set at `url` or `url|version`; None if that is unknown.

        Without a system, a code of any system counts. `version` is that of the code system.
        """
        view = self._default_view
        if version is not None and system is not None:
            view = self.view(Versions(default={system: version}))
        try:
            composition = view.composition(value_set)
        except CircularImport:
            return None
        verdict = None if composition is None else composition.contains(system, code)
        return verdict if verdict is not None else self.ask_remote(value_set, system, code, version)

    def contains_in(self, value_set: Mapping[str, Any], system: str | None, code: str) -> bool | None:
        """Whether a code is in a value set given as a resource; None if that is unknown."""
        compose = composition_of(value_set)
        if compose is None:
            return None
        try:
            composition = self._default_view.composition_from(str(value_set.get("url", "#")), compose)
            return composition.contains(system, code)
        except CircularImport:
            return None

    def ask_remote(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        sent: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """Membership according to the remote server; None if there is no remote server or no answer.

        `sent` is the value set if it is not the known one with this canonical.
        """
        if self._remote is None:
            return None
        known = sent or self.registry.canonical(value_set, "ValueSet")
        return self._remote.contains(value_set, system, code, version, known)

    def expand(self, view: View, value_set: ValueSet, request: ExpansionRequest) -> Expansion:
        """The expansion of a value set of the view. Raises `FhirError` if it is impossible or too costly."""
        expander = Expander(view, self.expansion_max)
        large = request.count is not None and request.count > self.expansion_max
        if view is not self._default_view or large:
            return expander.expand(value_set, request)
        return self._expansions.get((value_set, request), lambda: expander.expand(value_set, request))

    def concept_maps(self) -> tuple[ConceptMap, ...]:
        """The known concept maps; of several with the same url the last."""
        last = {
            concept_map.get("url", concept_map.get("id")): concept_map
            for concept_map in self.registry.resources("ConceptMap")
        }
        return tuple(last.values())

    def translate(self, maps: Iterable[ConceptMap], request: TranslationRequest) -> list[Match]:
        """The translations by the given maps."""
        return Translator(
            {str(concept_map.get("url")): concept_map for concept_map in self.concept_maps()}
        ).matches(maps, request)
