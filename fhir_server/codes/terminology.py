"""The terminology service: one engine for operations, validation and searches.

https://hl7.org/fhir/R4/terminology-service.html
"""

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

from fhir_server.codes.expansion import Expander, Expansion, ExpansionRequest
from fhir_server.codes.lru_cache import LruCache
from fhir_server.codes.translation import ConceptMap, Match, TranslationRequest, Translator
from fhir_server.codes.view import ValueSet, Versions, View
from fhir_server.definitions.compositions import Circular
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.value_sets import composition_of

EXPANSION_MAX = 1_500
_VIEWS_MAX = 32
_EXPANSIONS_MAX = 32


class RemoteServer(Protocol):
    """Another terminology server, asked about what is not known here."""

    def contains(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        definition: Mapping[str, Any] | None = None,
    ) -> bool | None: ...


class Terminology:
    """Answers about the codes of a registry. What it works out it keeps; a registry never changes.

    `expansion_max` is how many codes are listed at once when no count is given.
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
        """Whether another terminology server may be asked, which takes its time."""
        return self._remote is not None

    def over(self, registry: Registry) -> "Terminology":
        """The service over another registry; itself if it is the same."""
        if registry is self.registry:
            return self
        return Terminology(registry, self._remote, self.expansion_max)

    def with_resources(self, resources: Iterable[Mapping[str, Any]]) -> "Terminology":
        """The service with further resources, which are over all others, for one request."""
        more = tuple(dict(resource) for resource in resources)
        if not more:
            return self
        return self.over(self.registry.storing((*self.registry.stored, *more)))

    def view(self, versions: Versions | None = None, supplements: tuple[str, ...] = ()) -> View:
        """Code systems and value sets in some versions and with some supplements. Raises `NotFound`."""
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
        """Whether a code is in a value set, at `url` or `url|version`; None where that cannot be known.

        Without a system: whether it is in it in whatever system. `version` is that of the code system.
        """
        view = self._default_view
        if version is not None and system is not None:
            view = self.view(Versions(default={system: version}))
        try:
            composition = view.composition(value_set)
        except Circular:
            return None
        verdict = None if composition is None else composition.contains(system, code)
        return verdict if verdict is not None else self.ask_remote(value_set, system, code, version)

    def contains_in(self, value_set: Mapping[str, Any], system: str | None, code: str) -> bool | None:
        """Whether a code is in a value set that is given itself; None where that cannot be known."""
        compose = composition_of(value_set)
        if compose is None:
            return None
        try:
            composition = self._default_view.composition_from(str(value_set.get("url", "#")), compose)
            return composition.contains(system, code)
        except Circular:
            return None

    def ask_remote(
        self,
        value_set: str,
        system: str | None,
        code: str,
        version: str | None = None,
        sent: Mapping[str, Any] | None = None,
    ) -> bool | None:
        """What the other terminology server says of a membership; None without one, and for no answer.

        `sent` is the value set where it is not the one that is known by its canonical.
        """
        if self._remote is None:
            return None
        known = sent or self.registry.canonical(value_set, "ValueSet")
        return self._remote.contains(value_set, system, code, version, known)

    def expand(self, view: View, value_set: ValueSet, request: ExpansionRequest) -> Expansion:
        """The expansion of a value set of the view. Raises `FhirError` where it cannot be made."""
        expander = Expander(view, self.expansion_max)
        large = request.count is not None and request.count > self.expansion_max
        if view is not self._default_view or large:
            return expander.expand(value_set, request)
        return self._expansions.get((value_set, request), lambda: expander.expand(value_set, request))

    def concept_maps(self) -> tuple[ConceptMap, ...]:
        """The concept maps that are known, of each url the last."""
        last = {
            concept_map.get("url", concept_map.get("id")): concept_map
            for concept_map in self.registry.resources("ConceptMap")
        }
        return tuple(last.values())

    def translate(self, maps: Iterable[ConceptMap], request: TranslationRequest) -> list[Match]:
        """The translations that the maps give."""
        return Translator(
            {str(concept_map.get("url")): concept_map for concept_map in self.concept_maps()}
        ).matches(maps, request)
