"""The composition of a value set: membership of codes, and all members if they can be listed.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from fhir_server.core.reference import with_version
from fhir_server.definitions.code_lists import CodeList
from fhir_server.definitions.code_systems import CodeSystem, Concept, Fact, Key
from fhir_server.definitions.concept_filters import InvalidFilter, UnknownProperty, select_codes
from fhir_server.definitions.value_sets import expansion_parameter

GapKind = Literal["code-system", "value-set", "fragment", "grammar", "property", "filter", "empty", "cost"]

IMPORT_DEPTH_MAX = 50
"""The maximum length of a chain of value sets that import each other."""

COST_MAX = 5_000_000
"""The maximum number of concepts to examine for listing the members of a composition: some
seconds of work.
"""

_CACHE_MAX = 256


@dataclass(frozen=True, slots=True)
class Gap:
    """A reason why the members of a composition cannot be listed completely: what is missing or wrong, and
    where.
    """

    kind: GapKind
    subject: str
    where: str = ""


class CircularImport(Exception):
    """A value set imports itself, or its chain of imports is longer than `IMPORT_DEPTH_MAX`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def any_of(verdicts: Iterable[bool | None]) -> bool | None:
    """Three-valued or: True if one is true, else None if one is None."""
    found: bool | None = False
    for verdict in verdicts:
        if verdict:
            return True
        if verdict is None:
            found = None
    return found


def all_of(verdicts: Iterable[bool | None]) -> bool | None:
    """Three-valued and: False if one is false, else None if one is None."""
    opposite = any_of(None if verdict is None else not verdict for verdict in verdicts)
    return None if opposite is None else not opposite


class Part:
    """One include or exclude: the concepts of a system that are also in all of its imported value sets."""

    def __init__(
        self, part: Fact, where: str, code_system: CodeSystem | None, imports: tuple["Composition", ...]
    ) -> None:
        self.system: str | None = part.get("system")
        self.version: str | None = part.get("version")
        self.code_system = code_system
        self.imports = imports
        self._part = part
        self._where = where

    @property
    def canonical(self) -> str:
        """The canonical of the system that the part names, with its version if it names one."""
        return with_version(str(self.system), self.version)

    @property
    def is_exact(self) -> bool:
        """Whether all code systems of the part are case-sensitive."""
        folds = self.code_system is not None and not self.code_system.case_sensitive
        return not folds and all(imported.is_exact for imported in self.imports)

    @cached_property
    def _listed_codes(self) -> Mapping[str, Fact] | None:
        """The listed concepts by code; None if the part lists none and includes the whole system."""
        if "concept" not in self._part:
            return None
        return {
            self._canonical_code(entry["code"]): entry for entry in self._part["concept"] if "code" in entry
        }

    def listing(self, code: str) -> Fact | None:
        """The listed concept of a code, if the part lists it."""
        return (self._listed_codes or {}).get(self._canonical_code(code))

    def _canonical_code(self, code: str) -> str:
        """A code with the case that its system defines."""
        found = self.code_system.find(code) if self.code_system else None
        return found.code if found else code

    @cached_property
    def _selection(self) -> tuple[frozenset[str] | None, Gap | None]:
        """The codes that the filters select; None for all, or if a gap makes that unknown."""
        system = self.code_system
        wanted: frozenset[str] | None = None
        for number, rule in enumerate(self._part.get("filter", ())):
            where = f"{self._where}.filter[{number}]"
            try:
                found = select_codes(system or CodeSystem(str(self.system), (), "not-present"), rule)
            except InvalidFilter as error:
                return None, Gap("filter", str(error), f"{where}.{error.element}")
            except UnknownProperty as error:
                return None, Gap("property", f"{self.canonical}#{error}", where)
            wanted = found if wanted is None else wanted & found
        return wanted, None

    @cached_property
    def gap(self) -> Gap | None:
        """Why the part itself cannot be listed, apart from its imports."""
        if self.system is None:
            return None if self.imports else Gap("empty", self._where, self._where)
        system = self.code_system
        if self._part.get("concept") and self._part.get("filter"):
            return Gap("filter", "concept + filter", f"{self._where}.filter")
        if self._part.get("left_out"):
            return Gap("code-system", self.canonical, self._where)
        if self._listed_codes is not None:
            return None
        if system is None:
            return Gap("code-system", self.canonical, f"{self._where}.system")
        if (gap := self._selection[1]) is not None:
            return gap
        if system.grammar is not None:
            return Gap("grammar", self.canonical, f"{self._where}.system")
        return None if system.is_complete else Gap("fragment", system.canonical, f"{self._where}.system")

    @cached_property
    def size(self) -> int:
        """The maximum number of concepts in it."""
        if "concept" in self._part:
            return len(self._part["concept"])
        if self.system is None:
            return self.imports[0].size if self.imports else 0
        return len(self.code_system.concepts) if self.code_system else 0

    @cached_property
    def cost(self) -> int:
        """The number of concepts to examine for listing it, once its imports are listed."""
        filters = self._part.get("filter", ()) if self.code_system and "concept" not in self._part else ()
        return self.size * max(len(filters) + len(self.imports), 1)

    def concepts(self) -> Iterator[Concept]:
        """The known concepts, in order."""
        if self.system is None:
            chosen: Iterable[Concept] = self.imports[0].concepts if self.imports else ()
            others = self.imports[1:]
        else:
            chosen, others = self._concepts_of_system(), self.imports
        if not others:
            yield from chosen
            return
        for concept in chosen:
            if all(other.contains(concept.system, concept.code) is True for other in others):
                yield concept

    def _concepts_of_system(self) -> Iterator[Concept]:
        system, listed = self.code_system, self._listed_codes
        if listed is not None:
            for code, entry in listed.items():
                if system is None or system.has(code) is not False:
                    yield _named_concept(entry, system, str(self.system))
        elif system is not None and not self._part.get("left_out"):
            wanted, gap = self._selection
            if gap is None:
                yield from (
                    concept for concept in system.concepts if wanted is None or concept.code in wanted
                )

    def contains(self, system: str | None, code: str) -> bool | None:
        """Whether it selects the code; without a system, of any system. None if that is unknown."""
        if self.system is None:
            return all_of(other.contains(system, code) for other in self.imports)
        if system not in (None, self.system):
            return False
        own = self._selects(self._canonical_code(code))
        if own is False or not self.imports:
            return own
        return all_of((own, *(other.contains(self.system, code) for other in self.imports)))

    def has_inactive(self, system: str | None, code: str) -> bool:
        """Whether the code is an inactive one of its system."""
        concept = self.code_system.find(code) if self.code_system else None
        return concept is not None and concept.inactive and system in (None, self.system)

    def _selects(self, code: str) -> bool | None:
        system = self.code_system
        if self._part.get("left_out"):
            return None
        if self._listed_codes is not None:
            return code in self._listed_codes and (system is None or system.has(code) is not False)
        if system is None:
            return None
        wanted, gap = self._selection
        if gap is not None:
            return False if system.has(code) is False else None
        if wanted is None or code in wanted:
            return system.has(code)
        return None if self._may_be_in_missing_part(system, code) else False

    def _may_be_in_missing_part(self, system: CodeSystem, code: str) -> bool:
        """Whether a filter may select a code that is in the unknown part of an incomplete system."""
        return not system.is_complete and code not in system.by_code and system.has(code) is not False


def _named_concept(entry: Fact, system: CodeSystem | None, url: str) -> Concept:
    """A listed concept, with the display, designations and extensions that the composition adds."""
    known = system.find(entry["code"]) if system else None
    concept = known or Concept(url, entry["code"], version=system.version if system else None)
    if not (entry.get("display") or entry.get("designation") or entry.get("extension")):
        return concept
    return replace(
        concept,
        display=entry.get("display") or concept.display,
        designations=(*entry.get("designation", ()), *concept.designations),
        extensions=(*entry.get("extension", ()), *concept.extensions),
    )


class Composition:
    """The composition of a value set with resolved imports; `active_only` if it excludes inactive codes."""

    def __init__(
        self,
        url: str,
        include: tuple[Part, ...],
        exclude: tuple[Part, ...],
        distinguishes_versions: bool = False,
        active_only: bool = False,
    ) -> None:
        self.url = url
        self.include = include
        self.exclude = exclude
        self.distinguishes_versions = distinguishes_versions
        self.active_only = active_only
        self._membership: dict[tuple[str | None, str], bool | None] = {}

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.include, *self.exclude)

    @cached_property
    def concepts(self) -> tuple[Concept, ...]:
        """The known members: the included concepts without the excluded ones."""
        members: dict[Key, Concept] = {}
        for part in self.include:
            for concept in part.concepts():
                if not (self.active_only and concept.inactive):
                    members.setdefault(concept.key, concept)
        out = {self._exclusion_key(concept) for part in self.exclude for concept in part.concepts()}
        return tuple(concept for concept in members.values() if self._exclusion_key(concept) not in out)

    def _exclusion_key(self, concept: Concept) -> tuple[str | None, ...]:
        """The key by which exclusions compare concepts; it has the version only if the
        composition says so.
        """
        return concept.key if self.distinguishes_versions else (concept.system, concept.code)

    @cached_property
    def size(self) -> int:
        """The maximum number of members."""
        return sum(part.size for part in self.include)

    @cached_property
    def is_costly(self) -> bool:
        """Whether listing its members and those of its imports exceeds `COST_MAX`."""
        visited, cost = {id(self): self}, 0
        waiting: list[Composition] = [self]
        while waiting and cost <= COST_MAX:
            parts = waiting.pop().parts
            cost += sum(part.cost for part in parts)
            new = {
                id(imported): imported
                for part in parts
                for imported in part.imports
                if id(imported) not in visited
            }
            visited |= new
            waiting += new.values()
        return cost > COST_MAX

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """The reasons why `concepts` may not be all members."""
        if self.is_costly:
            return (Gap("cost", self.url),)
        own = [part.gap for part in self.parts if part.gap]
        inherited = (gap for part in self.parts for imported in part.imports for gap in imported.gaps)
        return tuple(dict.fromkeys((*own, *inherited)))

    @cached_property
    def is_exact(self) -> bool:
        """Whether membership can be decided by `concepts` alone: no gaps, and all systems case-sensitive."""
        return not self.gaps and all(part.is_exact for part in self.parts)

    @cached_property
    def code_list(self) -> CodeList:
        """The known members as a code list."""
        return CodeList(self.url, self.concepts)

    def contains(self, system: str | None, code: str) -> bool | None:
        """Whether the code is a member; without a system, of any system. None if that is unknown."""
        if self.is_exact:
            return self.code_list.contains(system, code)
        # cached, because many value sets may import this one and ask for the same code
        key = system, code
        if key in (known := self._membership):
            return known.get(key)
        verdict = None if self.is_costly else self._compute_membership(system, code)
        if len(known) >= _CACHE_MAX:
            self._membership = known = {}
        known[key] = verdict
        return verdict

    def _compute_membership(self, system: str | None, code: str) -> bool | None:
        if self.active_only and any(part.has_inactive(system, code) for part in self.include):
            return False
        included = any_of(part.contains(system, code) for part in self.include)
        if included is False or not self.exclude:
            return included
        excluded = any_of(part.contains(system, code) for part in self.exclude)
        return all_of((included, None if excluded is None else not excluded))


class Compositions:
    """Builds and caches compositions of value sets from given code systems and `compose` elements."""

    def __init__(
        self, code_system: Callable[[str], CodeSystem | None], compose: Callable[[str], Fact | None]
    ) -> None:
        self._code_system = code_system
        self._compose = compose
        self._known: dict[str, Composition] = {}

    def get(self, url: str, above: tuple[str, ...] = ()) -> Composition | None:
        """The composition of a value set; None if it is unknown. Raises `CircularImport`.

        `above` are the value sets that import it.
        """
        found = self._known.get(url)
        if found is None and (compose := self._compose(url)) is not None:
            found = self._known[url] = self.build(url, compose, above)
        return found

    def build(self, url: str, compose: Fact, above: tuple[str, ...] = ()) -> Composition:
        """Build the composition for a `compose` element. Raises `CircularImport`."""
        if url in above or len(above) >= IMPORT_DEPTH_MAX:
            raise CircularImport(url)
        include = tuple(self._parts(compose, "include", (*above, url)))
        exclude = tuple(self._parts(compose, "exclude", (*above, url)))
        distinguishes_versions = expansion_parameter(compose, "versionsMatch") == "false"
        return Composition(url, include, exclude, distinguishes_versions, compose.get("inactive") is False)

    def _parts(self, compose: Fact, kind: str, above: tuple[str, ...]) -> Iterator[Part]:
        for number, part in enumerate(compose.get(kind, ())):
            where = f"ValueSet.compose.{kind}[{number}]"
            imports = tuple(self._imported(url, where, above) for url in part.get("valueSet", ()))
            yield Part(part, where, self._system_of(part), imports)

    def _system_of(self, part: Fact) -> CodeSystem | None:
        if "system" not in part:
            return None
        return self._code_system(with_version(part["system"], part.get("version")))

    def _imported(self, url: str, where: str, above: tuple[str, ...]) -> Composition:
        return self.get(url, above) or UnknownValueSet(url, f"{where}.valueSet")


class UnknownValueSet(Composition):
    """A placeholder for an imported value set that is unknown."""

    def __init__(self, url: str, where: str) -> None:
        super().__init__(url, (), ())
        self._where = where

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        return (Gap("value-set", self.url, self._where),)

    def contains(self, system: str | None, code: str) -> bool | None:  # noqa: ARG002
        return None
