"""Translation of codes by concept maps, forward and in reverse.

https://hl7.org/fhir/R4/conceptmap-operation-translate.html
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.definitions.code_systems import Fact

ConceptMap = Mapping[str, Any]
Part = dict[str, Any]

NO_MATCH = frozenset({"unmatched", "disjoint"})
"""Equivalences that mean that there is no translation."""

OPPOSITE: Mapping[str, str] = {
    "wider": "narrower",
    "narrower": "wider",
    "subsumes": "specializes",
    "specializes": "subsumes",
}
_OTHER_MAPS_MAX = 10


Dependency = tuple[str, str | None, str]
"""An element, and the system and code that it holds; the system is None for a text or if none is named."""


@dataclass(frozen=True, slots=True)
class TranslationRequest:
    """The parameters of a translation; None means unspecified."""

    system: str | None
    code: str
    version: str | None = None
    source: str | None = None
    target: str | None = None
    target_system: str | None = None
    dependencies: tuple[Dependency, ...] = ()
    reverse: bool = False


@dataclass(frozen=True, slots=True)
class Match:
    """One translation, the map that it comes from (`origin`), and its products."""

    equivalence: str
    system: str | None
    code: str | None
    display: str | None
    version: str | None
    origin: str
    products: tuple[Fact, ...] = ()

    def part(self) -> Part:
        """The match as an output parameter of $translate."""
        coding = {"system": self.system, "version": self.version, "code": self.code, "display": self.display}
        parts: list[Part] = [{"name": "equivalence", "valueCode": self.equivalence}]
        if self.code is not None:
            known = {name: value for name, value in coding.items() if value is not None}
            parts.append({"name": "concept", "valueCoding": known})
        parts += [{"name": "product", "part": list(_product(product))} for product in self.products]
        if self.origin:
            parts.append({"name": "source", "valueUri": self.origin})
        return {"name": "match", "part": parts}


def _product(product: Fact) -> Iterator[Part]:
    """The parts of a product: a code to record in another element with the translation."""
    yield {"name": "element", "valueUri": product.get("property", "")}
    coding = {
        "system": product.get("system"),
        "code": product.get("value"),
        "display": product.get("display"),
    }
    yield {"name": "concept", "valueCoding": {name: value for name, value in coding.items() if value}}


def applicable_maps(maps: Iterable[ConceptMap], request: TranslationRequest) -> tuple[ConceptMap, ...]:
    """The maps whose source and target fit the request."""
    return tuple(concept_map for concept_map in maps if _is_applicable(concept_map, request))


def _is_applicable(concept_map: ConceptMap, request: TranslationRequest) -> bool:
    source, target = _ends(concept_map, "source"), _ends(concept_map, "target")
    if request.reverse:
        source, target = target, source
    return all(
        wanted is None or wanted.partition("|")[0] in ends
        for wanted, ends in (
            (request.system, source),
            (request.source, source),
            (request.target, target),
            (request.target_system, target),
        )
    )


def is_compatible(concept_map: ConceptMap, request: TranslationRequest) -> bool:
    """Whether a named map states no other source or target value sets than the request."""
    ends = ("target", "source") if request.reverse else ("source", "target")
    return all(
        wanted is None or not (said := _value_sets(concept_map, end)) or wanted.partition("|")[0] in said
        for wanted, end in zip((request.source, request.target), ends, strict=True)
    )


def _ends(concept_map: ConceptMap, end: str) -> set[str]:
    """The value sets and systems at one end of a map, `source` or `target`."""
    systems = (group.get(end) for group in concept_map.get("group", ()))
    return _value_sets(concept_map, end) | {url.partition("|")[0] for url in systems if url}


def _value_sets(concept_map: ConceptMap, end: str) -> set[str]:
    named = (concept_map.get(f"{end}{kind}") for kind in ("Uri", "Canonical"))
    return {url.partition("|")[0] for url in named if url}


class Translator:
    """Translates codes; `maps` are all known maps by url, for groups that refer to another map."""

    def __init__(self, maps: Mapping[str, ConceptMap]) -> None:
        self._maps = maps

    def matches(self, maps: Iterable[ConceptMap], request: TranslationRequest) -> list[Match]:
        """All translations by the given maps, without duplicates."""
        found = [
            match for concept_map in maps for match in self._of_map(concept_map, request, {id(concept_map)})
        ]
        return without_duplicates(found)

    def _of_map(
        self, concept_map: ConceptMap, request: TranslationRequest, visited: set[int]
    ) -> Iterator[Match]:
        """The translations by one map; `visited` are the ids of the maps already followed."""
        origin = str(concept_map.get("url", ""))
        for group in concept_map.get("group", ()):
            source, target = group.get("source"), group.get("target")
            start, end = (target, source) if request.reverse else (source, target)
            version = group.get("targetVersion" if request.reverse else "sourceVersion")
            if not _is_system(request.system, start) or not _is_system(request.target_system, end):
                continue
            if request.version and version and request.version != version:
                continue
            if request.reverse:
                yield from _reversed(group, request, origin)
                continue
            mapped = list(_forward(group, request, origin))
            yield from mapped or self._unmapped(group, request, origin, visited)

    def _unmapped(
        self, group: Fact, request: TranslationRequest, origin: str, visited: set[int]
    ) -> Iterator[Match]:
        """The translations by a group's `unmapped` rule."""
        unmapped = group.get("unmapped", {})
        if any(element.get("code") == request.code for element in group.get("element", ())):
            return
        match unmapped.get("mode"):
            case "provided":
                yield _match("equal", group, {"code": request.code}, origin)
            case "fixed":
                yield _match("inexact", group, unmapped, origin)
            case "other-map" if len(visited) <= _OTHER_MAPS_MAX:
                other = self._maps.get(str(unmapped.get("url", "")).partition("|")[0])
                if other is not None and id(other) not in visited:
                    visited.add(id(other))
                    yield from self._of_map(other, request, visited)


def without_duplicates(matches: Iterable[Match]) -> list[Match]:
    """The matches without duplicates."""
    return list({repr(match): match for match in matches}.values())


def _is_system(wanted: str | None, named: str | None) -> bool:
    return wanted is None or named is None or wanted.partition("|")[0] == named.partition("|")[0]


def _forward(group: Fact, request: TranslationRequest, origin: str) -> Iterator[Match]:
    for element in group.get("element", ()):
        if element.get("code") != request.code:
            continue
        for target in element.get("target", ()):
            if _dependencies_met(target, request):
                yield _match(str(target.get("equivalence", "equivalent")), group, target, origin)


def _dependencies_met(target: Fact, request: TranslationRequest) -> bool:
    """Whether all dependencies of a target are satisfied by the request."""
    needed = target.get("dependsOn", ())
    return all(any(_is_given(dependency, *given) for given in request.dependencies) for dependency in needed)


def _is_given(needed: Fact, element: str, system: str | None, code: str) -> bool:
    is_of_system = system is None or needed.get("system", system) == system
    return is_of_system and (needed.get("property"), needed.get("value")) == (element, code)


def _reversed(group: Fact, request: TranslationRequest, origin: str) -> Iterator[Match]:
    for element in group.get("element", ()):
        for target in element.get("target", ()):
            if target.get("code") == request.code and "code" in element:
                equivalence = str(target.get("equivalence", "equivalent"))
                yield Match(
                    OPPOSITE.get(equivalence, equivalence),
                    group.get("source"),
                    element["code"],
                    element.get("display"),
                    group.get("sourceVersion"),
                    origin,
                )


def _match(equivalence: str, group: Fact, target: Fact, origin: str) -> Match:
    return Match(
        equivalence,
        group.get("target"),
        target.get("code"),
        target.get("display"),
        group.get("targetVersion"),
        origin,
        tuple(target.get("product", ())),
    )
