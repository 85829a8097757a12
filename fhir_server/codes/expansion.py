"""The expansion of a value set: its codes in the order of the composition, filtered and paged.

https://hl7.org/fhir/R4/valueset-operation-expand.html
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import msgspec

from fhir_server.codes import messages
from fhir_server.codes.expansion_entries import EntryBuilder
from fhir_server.codes.issues import tx_error
from fhir_server.codes.languages import EVERY_LANGUAGE, Languages
from fhir_server.codes.status_issues import warning_status
from fhir_server.codes.view import ValueSet, View, version_fits
from fhir_server.core import json
from fhir_server.definitions.code_systems import CodeSystem, Concept, Fact, Key
from fhir_server.definitions.compositions import Composition, Gap, Part
from fhir_server.errors import FhirError, NotFound, Unprocessable

LEVELS_MAX = 20
"""The maximum depth of nested entries."""

UNCLOSED = "http://hl7.org/fhir/StructureDefinition/valueset-unclosed"


@dataclass(frozen=True, slots=True)
class ExpansionRequest:
    """The parameters of an expansion. `count` None: all codes, within the limit."""

    filter: str = ""
    offset: int = 0
    count: int | None = None
    active_only: bool = False
    selectable_only: bool = False
    nested: bool = False
    designations: bool = False
    designation_of: tuple[str, ...] = ()
    definition: bool = False
    properties: tuple[str, ...] = ()
    languages: Languages = EVERY_LANGUAGE
    excluded_systems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """An expansion without identifier and timestamp: `contains` as JSON (None if empty), parameters."""

    total: int
    contains: msgspec.Raw | None
    parameters: tuple[Fact, ...]
    properties: tuple[Fact, ...] = ()
    unclosed: bool = False


class Expander:
    """Expands value sets of one view, up to `limit` codes if no count is requested."""

    def __init__(self, view: View, limit: int) -> None:
        self._view = view
        self._limit = limit

    def expand(self, value_set: ValueSet, request: ExpansionRequest) -> Expansion:
        """The expansion. Raises `NotFound`, or `Unprocessable` if it is impossible or too costly."""
        composition = value_set.composition
        systems = self._systems(composition)
        self._check_versions(systems)
        for gap in composition.gaps:
            if gap.kind != "fragment":
                raise gap_error(
                    value_set, replace(gap, subject=self._view.with_requested_version(gap.subject))
                )
        found = _selected_concepts(value_set, request)
        if request.count is None and len(found) - request.offset > self._limit:
            text = messages.TOO_COSTLY(url=value_set.label, total=len(found), limit=self._limit)
            raise Unprocessable.of(text, code="too-costly")
        end = None if request.count is None else request.offset + request.count
        page = found[request.offset : end]
        builder = EntryBuilder(
            systems, request.languages, _requested_properties(request), request.designations
        )
        several = _several_versions(composition)
        made = [builder.build(concept, several, request.designation_of) for concept in page]
        if request.nested and len(page) == len(found):
            made = _nested(page, made)
        return Expansion(
            len(found),
            msgspec.Raw(json.serialise(made)) if made else None,
            tuple(self._usage_parameters(value_set, composition, systems)),
            tuple(builder.property_definitions()),
            bool(composition.gaps),
        )

    def _systems(self, composition: Composition) -> dict[str, CodeSystem]:
        """The code systems of the included codes, by url."""
        found: dict[str, CodeSystem] = {}
        for part in included_parts(composition):
            if part.code_system is not None:
                found.setdefault(part.code_system.url, part.code_system)
        return found

    def _check_versions(self, systems: Mapping[str, CodeSystem]) -> None:
        for url, wanted in self._view.versions.check.items():
            system = systems.get(url)
            if system is not None and not version_fits(system.version, wanted):
                text = messages.VERSION_MISMATCH(url=url, version=system.version or "-", wanted=wanted)
                raise tx_error(Unprocessable, text, "business-rule", kind="version-error")

    def _usage_parameters(
        self, value_set: ValueSet, composition: Composition, systems: Mapping[str, CodeSystem]
    ) -> Iterator[Fact]:
        """The expansion parameters that name the used resources and warn about their status."""
        for canonical in dict.fromkeys(_canonicals(composition)):
            yield {"name": "used-codesystem", "valueUri": canonical}
        for url in dict.fromkeys(url for url in imported_value_sets(composition) if not url.startswith("#")):
            yield {"name": "used-valueset", "valueUri": self._view.value_set(url).canonical}
        for supplement in dict.fromkeys(used for system in systems.values() for used in system.supplements):
            yield {"name": "used-supplement", "valueUri": supplement}
        for status, canonical in self._warnings(value_set, systems):
            yield {"name": f"warning-{status}", "valueUri": canonical}

    def _warnings(self, value_set: ValueSet, systems: Mapping[str, CodeSystem]) -> Iterator[tuple[str, str]]:
        for system in systems.values():
            if (status := warning_status(system, value_set)) is not None:
                yield status, system.canonical
        if value_set.status in ("deprecated", "withdrawn"):
            yield value_set.status, value_set.canonical


def _selected_concepts(value_set: ValueSet, request: ExpansionRequest) -> tuple[Concept, ...]:
    active_only = request.active_only or value_set.active_only
    words = dict.fromkeys(request.filter.casefold().split())
    concepts = value_set.composition.concepts
    if not (active_only or words or request.selectable_only or request.excluded_systems):
        return concepts
    return tuple(
        concept
        for concept in concepts
        if not (active_only and concept.inactive)
        and not (request.selectable_only and concept.abstract)
        and not _is_from(concept, request.excluded_systems)
        and _has_words(concept, words)
    )


def included_parts(composition: Composition, visited: set[int] | None = None) -> Iterator[Part]:
    """The include parts with a system, those of imported value sets too. `visited` are ids of
    compositions.
    """
    visited = visited if visited is not None else set()
    for part in composition.include:
        if part.system is not None:
            yield part
            continue
        for other in _unvisited_imports(part, visited):
            yield from included_parts(other, visited)


def imported_value_sets(composition: Composition, visited: set[int] | None = None) -> Iterator[str]:
    """The urls of all value sets that a composition imports, directly or indirectly."""
    visited = visited if visited is not None else set()
    for part in composition.parts:
        for other in _unvisited_imports(part, visited):
            yield other.url
            yield from imported_value_sets(other, visited)


def _unvisited_imports(part: Part, visited: set[int]) -> Iterator[Composition]:
    for other in part.imports:
        if id(other) not in visited:
            visited.add(id(other))
            yield other


def gap_error(value_set: ValueSet, gap: Gap) -> FhirError:
    """The error for a value set that cannot be expanded because of a gap."""
    url = value_set.label
    match gap.kind:
        case "value-set":
            return tx_error(NotFound, messages.UNKNOWN_VALUE_SET(url=gap.subject), "not-found", gap.where)
        case "code-system":
            return tx_error(
                Unprocessable, messages.UNKNOWN_CODE_SYSTEM(url=gap.subject), "not-found", gap.where
            )
        case "grammar":
            text = messages.NOT_A_LIST(system=gap.subject)
            return Unprocessable.of(text, gap.where, code="too-costly")
        case "cost":
            return Unprocessable.of(messages.TOO_MUCH_WORK(url=url), code="too-costly")
        case "property":
            text = messages.PROPERTY_UNKNOWN(url=url, subject=gap.subject)
            return tx_error(Unprocessable, text, "not-supported", gap.where)
        case "filter":
            text = messages.BAD_FILTER(url=url, reason=gap.subject)
            return tx_error(Unprocessable, text, "invalid", gap.where, kind="vs-invalid")
        case _:
            text = messages.EMPTY_PART(url=url)
            return tx_error(Unprocessable, text, "invalid", gap.where, kind="vs-invalid")


def _requested_properties(request: ExpansionRequest) -> tuple[str, ...]:
    more = ("definition",) if request.definition and "definition" not in request.properties else ()
    return (*more, *request.properties)


def _is_from(concept: Concept, systems: tuple[str, ...]) -> bool:
    return concept.system in systems or f"{concept.system}|{concept.version}" in systems


def _has_words(concept: Concept, words: Iterable[str]) -> bool:
    """Whether each word occurs in the code, the display or a designation."""
    if not words:
        return True
    texts = [
        concept.code,
        concept.display or "",
        *(str(designation.get("value", "")) for designation in concept.designations),
    ]
    text = " ".join(texts).casefold()
    return all(word in text for word in words)


def _canonicals(composition: Composition) -> Iterator[str]:
    """The canonicals of the code systems in the versions used, including those of excluded codes."""
    for part in (
        *included_parts(composition),
        *(part for part in composition.exclude if part.system is not None),
    ):
        yield part.code_system.canonical if part.code_system else part.canonical


def _several_versions(composition: Composition) -> frozenset[str]:
    """The code systems that are used in more than one version."""
    versions = (canonical.partition("|")[0] for canonical in set(_canonicals(composition)))
    return frozenset(system for system, times in Counter(versions).items() if times > 1)


def _nested(page: Iterable[Concept], entries: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The entries nested below the entry of their first parent in the expansion.

    Below `LEVELS_MAX` levels the nesting starts again at the root, to keep the JSON readable for others.
    """
    concepts = {concept.key: concept for concept in page}
    placed = dict(zip(concepts, entries, strict=True))
    above = {key: _parent_in(concept, placed) for key, concept in concepts.items()}
    levels = _levels(above)
    roots = []
    for key, entry in placed.items():
        parent = above[key]
        if parent is None or levels[key] % LEVELS_MAX == 0:
            roots.append(entry)
        else:
            placed[parent].setdefault("contains", []).append(entry)
    return roots


def _parent_in(concept: Concept, placed: Mapping[Key, Any]) -> Key | None:
    parents = (concept.key_of(parent) for parent in concept.parents if parent != concept.code)
    return next((key for key in parents if key in placed), None)


def _levels(above: Mapping[Key, Key | None]) -> dict[Key, int]:
    """The number of ancestors of each key; a cyclic hierarchy is cut at the first code visited."""
    levels: dict[Key, int] = {}
    for key in above:
        path: dict[Key, None] = {}
        current: Key | None = key
        while current is not None and current not in levels and current not in path:
            path[current] = None
            current = above[current]
        level = levels[current] + 1 if current in levels else 0
        for own in reversed(path):
            levels[own] = level
            level += 1
    return levels
