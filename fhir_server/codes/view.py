"""A view on code systems and value sets: in the versions and with the supplements that a request asks for.

https://hl7.org/fhir/R4/terminology-service.html#resolve
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fhir_server.codes import messages
from fhir_server.codes.issues import tx_error
from fhir_server.core.reference import with_version
from fhir_server.definitions.code_systems import CodeSystem, effective_status
from fhir_server.definitions.compositions import CircularImport, Composition, Compositions
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.value_sets import all_codes, composition_of, expansion_parameter
from fhir_server.errors import NotFound, Unprocessable

Resource = Mapping[str, Any]

SUPPLEMENT_EXTENSION = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"
_IMPLICIT = "?fhir_vs"
_ANY = ("x", "X", "*")


@dataclass(frozen=True, slots=True)
class Versions:
    """The versions that a request asks for, by canonical url.

    For code systems: the `default` if none is named, the required one (`check`), and the one to use in any
    case (`force`). For `value_sets`: the default.
    """

    default: Mapping[str, str] = field(default_factory=dict)
    check: Mapping[str, str] = field(default_factory=dict)
    force: Mapping[str, str] = field(default_factory=dict)
    value_sets: Mapping[str, str] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.default or self.check or self.force or self.value_sets)

    def chosen(self, system: str, version: str) -> str:
        """The version to use of a system that is named with `version` (empty if none)."""
        return self.force.get(system) or version or self.default.get(system) or self.check.get(system, "")


def version_fits(version: str | None, wanted: str) -> bool:
    """Whether a version matches the wanted one; x or * matches any part, at the end all the rest."""
    if not wanted or version == wanted:
        return True
    own, asked = (version or "").split("."), wanted.split(".")
    if len(own) < len(asked) or (len(own) > len(asked) and asked[-1] not in _ANY):
        return False
    return all(part in _ANY or part == actual for actual, part in zip(own, asked, strict=False))


@dataclass(frozen=True, eq=False)
class ValueSet:
    """A value set: its resource and its composition."""

    resource: Resource
    composition: Composition

    @property
    def canonical(self) -> str:
        """`url|version`, or the url alone."""
        return _canonical_of(self.resource)

    @property
    def label(self) -> str:
        """Its name in messages: the canonical, else `ValueSet/id`."""
        return self.canonical or f"ValueSet/{self.resource.get('id', '-')}"

    @property
    def active_only(self) -> bool:
        """Whether the value set itself excludes inactive codes."""
        return (self.resource.get("compose") or {}).get("inactive") is False

    @property
    def language(self) -> str:
        """The display language of its expansions, else its own language."""
        wanted = expansion_parameter(self.resource.get("compose") or {}, "displayLanguage")
        return wanted or str(self.resource.get("language", ""))

    @property
    def status(self) -> str:
        """Its status; `deprecated` or `withdrawn` if its standards status says so."""
        return effective_status(self.resource)


def supplements_of(resource: Resource) -> tuple[str, ...]:
    """The code system supplements that a value set requires."""
    extensions = resource.get("extension", ())
    return tuple(
        str(extension["valueCanonical"])
        for extension in extensions
        if extension.get("url") == SUPPLEMENT_EXTENSION and "valueCanonical" in extension
    )


class View:
    """The registry's code systems and value sets in certain versions, built on first use and cached."""

    def __init__(
        self, registry: Registry, versions: Versions | None = None, supplements: tuple[str, ...] = ()
    ) -> None:
        self.registry = registry
        self.versions = versions or Versions()
        self._systems: dict[str, CodeSystem] = {}
        self._value_sets: dict[str, ValueSet] = {}
        self._supplements = self._supplements_by_system(supplements)
        self._compositions = Compositions(self.code_system, self._compose)

    def code_system(self, canonical: str) -> CodeSystem | None:
        """The code system at `url` or `url|version`, in the requested version and with its supplements."""
        found = self._systems.get(canonical)
        if found is None and (found := self._code_system(canonical)) is not None:
            self._systems[canonical] = found
        return found

    def _code_system(self, canonical: str) -> CodeSystem | None:
        url, _, version = canonical.partition("|")
        chosen = self.versions.chosen(url, version)
        found = self.registry.code_system(with_version(url, chosen))
        if found is None and chosen:
            fitting = (
                version for version in reversed(self.versions_of(url)) if version_fits(version, chosen)
            )
            found = self.registry.code_system(f"{url}|{next(fitting, chosen)}")
        if found is None or found.content == "supplement":
            return found
        if not _has_content(found):
            return None
        for supplement in self._supplements.get(url, ()):
            found = found.with_supplement(supplement)
        return found

    def versions_of(self, url: str) -> tuple[str, ...]:
        """The versions of a code system with known codes; the last one is the default."""
        known = self.registry.code_system_versions().get(url, ())
        return tuple(
            version for version in known if _has_content(self.registry.code_system(f"{url}|{version}"))
        )

    def composition(self, url: str) -> Composition | None:
        """The composition of a value set; None if it is unknown. Raises `CircularImport`."""
        return self._compositions.get(url)

    def composition_from(self, url: str, compose: Resource) -> Composition:
        """The composition for a `compose` element. Raises `CircularImport`."""
        return self._compositions.build(url, compose)

    def value_set(self, url: str) -> ValueSet:
        """A value set by canonical. Raises `NotFound`, or `Unprocessable` if it imports itself."""
        found = self._value_sets.get(url)
        if found is None:
            resource = self._resource(url)
            if resource is None:
                raise tx_error(NotFound, messages.UNKNOWN_VALUE_SET(url=url), "not-found")
            found = self._value_sets[url] = self.value_set_from(resource)
        return found

    def value_set_from(self, resource: Resource) -> ValueSet:
        """A value set from its resource. Raises `Unprocessable` if it imports itself."""
        url = str(resource.get("url") or "#")
        compositions = self._compositions_within(resource)
        try:
            return ValueSet(resource, compositions.build(url, composition_of(resource) or {}))
        except CircularImport as circle:
            text = messages.CIRCULAR(url=circle.url)
            raise tx_error(Unprocessable, text, "processing", kind="vs-invalid") from circle

    def _compositions_within(self, resource: Resource) -> Compositions:
        """The compositions that a value set can import: the known ones, and its contained value sets."""
        contained = {
            f"#{contained['id']}": contained
            for contained in resource.get("contained", ())
            if contained.get("resourceType") == "ValueSet" and "id" in contained
        }
        if not contained:
            return self._compositions

        def compose(url: str) -> Resource | None:
            return (composition_of(contained[url]) or {}) if url in contained else self._compose(url)

        return Compositions(self.code_system, compose)

    def _compose(self, url: str) -> Resource | None:
        resource = self._resource(url)
        return None if resource is None else composition_of(resource)

    def with_requested_version(self, canonical: str) -> str:
        """A value set's canonical with the requested version, if it names none."""
        return with_version(canonical, self.versions.value_sets.get(canonical))

    def _resource(self, canonical: str) -> Resource | None:
        canonical = self.with_requested_version(canonical)
        own = self.registry.canonical(canonical, "ValueSet")
        if own is not None:
            return own
        url, _, version = canonical.partition("|")
        fact = self.registry.composition(url) if _IMPLICIT not in url else self._implicit(url)
        if fact is None:
            return None
        if version not in ("", fact.get("version", "")) and self.registry.composition(canonical) is None:
            return None
        return _r4_value_set(url, fact)

    def _implicit(self, url: str) -> Resource | None:
        """An implicit value set: `[system]?fhir_vs` or `[system]?fhir_vs=isa/[code]`."""
        system, _, rest = url.partition(_IMPLICIT)
        known = self.registry.code_system(system)
        if known is None or not rest:
            return all_codes(system) if known else None
        if not rest.startswith("=isa/") or rest.removeprefix("=isa/") not in known.by_code:
            return None
        below = {"property": "concept", "op": "is-a", "value": rest.removeprefix("=isa/")}
        return {"include": [{"system": system, "filter": [below]}]}

    # supplements

    def _supplements_by_system(self, asked: tuple[str, ...]) -> Mapping[str, list[CodeSystem]]:
        """The requested supplements, and all that only add displays in other languages, by code system."""
        added: dict[str, list[CodeSystem]] = {}
        for resource in (*map(self._supplement, asked), *self._language_supplements()):
            system = str(resource.get("supplements", "")).partition("|")[0]
            supplement = self.registry.code_system(_canonical_of(resource))
            if supplement is not None and supplement not in added.setdefault(system, []):
                added[system].append(supplement)
        return added

    def _supplement(self, url: str) -> Resource:
        found = self.registry.canonical(url, "CodeSystem")
        if found is None or found.get("content") != "supplement":
            raise tx_error(NotFound, messages.UNKNOWN_SUPPLEMENT(url=url), "not-found")
        return found

    def _language_supplements(self) -> Iterator[Resource]:
        for resource in self.registry.resources("CodeSystem"):
            if resource.get("content") == "supplement" and _only_translates(resource):
                yield resource


def _has_content(system: CodeSystem | None) -> bool:
    """Whether any codes of a code system are known, not only its url."""
    return system is not None and (system.content != "not-present" or bool(system.concepts))


def _canonical_of(resource: Resource) -> str:
    """`url|version` of a resource, or only its url; empty if it has none."""
    url = str(resource.get("url", ""))
    return with_version(url, resource.get("version")) if url else ""


def _only_translates(resource: Resource) -> bool:
    concepts = resource.get("concept", ())
    return bool(concepts) and all(
        concept.keys() <= {"code", "display", "designation"} for concept in concepts
    )


def _r4_value_set(url: str, fact: Resource) -> Resource:
    """One of R4's own value sets as a resource, as far as the compiled facts know it."""
    parts = {name: fact[name] for name in ("include", "exclude") if name in fact}
    known = {name: fact[name] for name in ("version", "name") if fact.get(name)}
    return {"resourceType": "ValueSet", "url": url, **known, "status": "active", "compose": parts}
