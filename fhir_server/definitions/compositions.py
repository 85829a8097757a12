"""The composition of a value set, asked who is a member, and for all the members where they can be listed.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

from fhir_server.core.reference import with_version
from fhir_server.definitions.code_lists import CodeList
from fhir_server.definitions.code_systems import CodeSystem, Concept, Fact, Key
from fhir_server.definitions.concept_filters import BadFilter, PropertyUnknown, selected
from fhir_server.definitions.value_sets import expansion_parameter

GapKind = Literal["code-system", "value-set", "fragment", "grammar", "property", "filter", "empty", "cost"]

IMPORT_DEPTH_MAX = 50
"""How long a chain of value sets may be, each drawing on the next."""

VISITS_MAX = 5_000_000
"""How many concepts may be looked at to list the members of a composition, some seconds' work."""

_VERDICTS_MAX = 256


@dataclass(frozen=True, slots=True)
class Gap:
    """Why the members of a composition cannot all be listed: what is missing or wrong, and where."""

    kind: GapKind
    subject: str
    where: str = ""


class Circular(Exception):
    """A value set that draws on itself, or through a chain longer than `IMPORT_DEPTH_MAX`."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.url = url


def any_of(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether any is true: True if one is, else None if one is not known."""
    found: bool | None = False
    for verdict in verdicts:
        if verdict:
            return True
        if verdict is None:
            found = None
    return found


def all_of(verdicts: Iterable[bool | None]) -> bool | None:
    """Whether all are true: False if one is not, else None if one is not known."""
    opposite = any_of(None if verdict is None else not verdict for verdict in verdicts)
    return None if opposite is None else not opposite


class Part:
    """One include or exclude: a system's concepts, narrowed to those in all of its value sets."""

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
        """The system that the part names, with the version that it pins."""
        return with_version(str(self.system), self.version)

    @property
    def exact(self) -> bool:
        """Whether a code is only equal to itself as it is written: no system of the part ignores case."""
        folds = self.code_system is not None and not self.code_system.case_sensitive
        return not folds and all(imported.exact for imported in self.imports)

    @cached_property
    def _listed(self) -> Mapping[str, Fact] | None:
        """What the composition says of the codes that it lists; None where it takes all of the system."""
        if "concept" not in self._part:
            return None
        return {self._own_code(entry["code"]): entry for entry in self._part["concept"] if "code" in entry}

    def listing(self, code: str) -> Fact | None:
        """What the composition says of a code, where it lists it."""
        return (self._listed or {}).get(self._own_code(code))

    def _own_code(self, code: str) -> str:
        """A code as its system writes it."""
        found = self.code_system.find(code) if self.code_system else None
        return found.code if found else code

    @cached_property
    def _selection(self) -> tuple[frozenset[str] | None, Gap | None]:
        """The codes that the filters select; None for all, or for what cannot be told because of the gap."""
        system = self.code_system
        wanted: frozenset[str] | None = None
        for number, rule in enumerate(self._part.get("filter", ())):
            where = f"{self._where}.filter[{number}]"
            try:
                found = selected(system or CodeSystem(str(self.system), (), "not-present"), rule)
            except BadFilter as error:
                return None, Gap("filter", str(error), f"{where}.{error.element}")
            except PropertyUnknown as error:
                return None, Gap("property", f"{self.canonical}#{error}", where)
            wanted = found if wanted is None else wanted & found
        return wanted, None

    @cached_property
    def gap(self) -> Gap | None:
        """Why the part cannot be listed by itself."""
        if self.system is None:
            return None if self.imports else Gap("empty", self._where, self._where)
        system = self.code_system
        if self._part.get("concept") and self._part.get("filter"):
            return Gap("filter", "concept + filter", f"{self._where}.filter")
        if self._part.get("left_out"):
            return Gap("code-system", self.canonical, self._where)
        if self._listed is not None:
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
        """How many concepts it can have at most."""
        if "concept" in self._part:
            return len(self._part["concept"])
        if self.system is None:
            return self.imports[0].size if self.imports else 0
        return len(self.code_system.concepts) if self.code_system else 0

    @cached_property
    def visits(self) -> int:
        """How many concepts are looked at to list it, once those of its value sets are listed."""
        filters = self._part.get("filter", ()) if self.code_system and "concept" not in self._part else ()
        return self.size * max(len(filters) + len(self.imports), 1)

    def concepts(self) -> Iterator[Concept]:
        """The concepts that are known, in order."""
        if self.system is None:
            chosen: Iterable[Concept] = self.imports[0].concepts if self.imports else ()
            others = self.imports[1:]
        else:
            chosen, others = self._of_system(), self.imports
        if not others:
            yield from chosen
            return
        for concept in chosen:
            if all(other.contains(concept.system, concept.code) is True for other in others):
                yield concept

    def _of_system(self) -> Iterator[Concept]:
        system, listed = self.code_system, self._listed
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
        """Whether it selects the code; without a system, in whatever system. None where it cannot be told."""
        if self.system is None:
            return all_of(other.contains(system, code) for other in self.imports)
        if system not in (None, self.system):
            return False
        own = self._selects(self._own_code(code))
        if own is False or not self.imports:
            return own
        return all_of((own, *(other.contains(self.system, code) for other in self.imports)))

    def has_inactive(self, system: str | None, code: str) -> bool:
        """Whether the code is one of its system's that are not in use any more."""
        concept = self.code_system.find(code) if self.code_system else None
        return concept is not None and concept.inactive and system in (None, self.system)

    def _selects(self, code: str) -> bool | None:
        system = self.code_system
        if self._part.get("left_out"):
            return None
        if self._listed is not None:
            return code in self._listed and (system is None or system.has(code) is not False)
        if system is None:
            return None
        wanted, gap = self._selection
        if gap is not None:
            return False if system.has(code) is False else None
        if wanted is None or code in wanted:
            return system.has(code)
        return None if self._may_be_elsewhere(system, code) else False

    def _may_be_elsewhere(self, system: CodeSystem, code: str) -> bool:
        """Whether a filter may select a code of which only the rest of the system could tell."""
        return not system.is_complete and code not in system.by_code and system.has(code) is not False


def _named_concept(entry: Fact, system: CodeSystem | None, url: str) -> Concept:
    """A concept that the composition names, with the display, designations and extensions that it gives."""
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
    """A value set's composition, ready to be asked; `active_only` where it leaves inactive codes out."""

    def __init__(
        self,
        url: str,
        include: tuple[Part, ...],
        exclude: tuple[Part, ...],
        versions_apart: bool = False,
        active_only: bool = False,
    ) -> None:
        self.url = url
        self.include = include
        self.exclude = exclude
        self.versions_apart = versions_apart
        self.active_only = active_only
        self._verdicts: dict[tuple[str | None, str], bool | None] = {}

    @property
    def parts(self) -> tuple[Part, ...]:
        return (*self.include, *self.exclude)

    @cached_property
    def concepts(self) -> tuple[Concept, ...]:
        """The members that are known: those included, without those excluded."""
        members: dict[Key, Concept] = {}
        for part in self.include:
            for concept in part.concepts():
                if not (self.active_only and concept.inactive):
                    members.setdefault(concept.key, concept)
        out = {self._exclusion_key(concept) for part in self.exclude for concept in part.concepts()}
        return tuple(concept for concept in members.values() if self._exclusion_key(concept) not in out)

    def _exclusion_key(self, concept: Concept) -> tuple[str | None, ...]:
        """What an exclusion tells codes apart by: the version too only where the composition says so."""
        return concept.key if self.versions_apart else (concept.system, concept.code)

    @cached_property
    def size(self) -> int:
        """How many members it can have at most."""
        return sum(part.size for part in self.include)

    @cached_property
    def is_costly(self) -> bool:
        """Whether to list its members, and those it draws upon, takes longer than anybody should wait."""
        met, visits = {id(self): self}, 0
        waiting: list[Composition] = [self]
        while waiting and visits <= VISITS_MAX:
            parts = waiting.pop().parts
            visits += sum(part.visits for part in parts)
            new = {
                id(imported): imported
                for part in parts
                for imported in part.imports
                if id(imported) not in met
            }
            met |= new
            waiting += new.values()
        return visits > VISITS_MAX

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        """What keeps `concepts` from being all the members."""
        if self.is_costly:
            return (Gap("cost", self.url),)
        own = [part.gap for part in self.parts if part.gap]
        inherited = (gap for part in self.parts for imported in part.imports for gap in imported.gaps)
        return tuple(dict.fromkeys((*own, *inherited)))

    @cached_property
    def exact(self) -> bool:
        """Whether the members are exactly `concepts`, letter by letter."""
        return not self.gaps and all(part.exact for part in self.parts)

    @cached_property
    def code_list(self) -> CodeList:
        """The members that are known, as a list."""
        return CodeList(self.url, self.concepts)

    def contains(self, system: str | None, code: str) -> bool | None:
        """Whether the code is a member; without a system, in whatever system. None: that cannot be told."""
        if self.exact:
            return self.code_list.contains(system, code)
        # one of many others that draw on it has perhaps asked the same
        key = system, code
        if key in (known := self._verdicts):
            return known.get(key)
        verdict = None if self.is_costly else self._verdict(system, code)
        if len(known) >= _VERDICTS_MAX:
            self._verdicts = known = {}
        known[key] = verdict
        return verdict

    def _verdict(self, system: str | None, code: str) -> bool | None:
        if self.active_only and any(part.has_inactive(system, code) for part in self.include):
            return False
        included = any_of(part.contains(system, code) for part in self.include)
        if included is False or not self.exclude:
            return included
        excluded = any_of(part.contains(system, code) for part in self.exclude)
        return all_of((included, None if excluded is None else not excluded))


class Compositions:
    """Value sets made ready, each once, from the code systems and compositions that it is given."""

    def __init__(
        self, code_system: Callable[[str], CodeSystem | None], compose: Callable[[str], Fact | None]
    ) -> None:
        self._code_system = code_system
        self._compose = compose
        self._known: dict[str, Composition] = {}

    def get(self, url: str, above: tuple[str, ...] = ()) -> Composition | None:
        """The composition of a value set; None where it is unknown. Raises `Circular`.

        `above` are the value sets for which it is made ready.
        """
        found = self._known.get(url)
        if found is None and (compose := self._compose(url)) is not None:
            found = self._known[url] = self.build(url, compose, above)
        return found

    def build(self, url: str, compose: Fact, above: tuple[str, ...] = ()) -> Composition:
        """A composition made ready under a url. Raises `Circular`."""
        if url in above or len(above) >= IMPORT_DEPTH_MAX:
            raise Circular(url)
        include = tuple(self._parts(compose, "include", (*above, url)))
        exclude = tuple(self._parts(compose, "exclude", (*above, url)))
        versions_apart = expansion_parameter(compose, "versionsMatch") == "false"
        return Composition(url, include, exclude, versions_apart, compose.get("inactive") is False)

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
    """Stands for a value set that another draws upon and that is not known."""

    def __init__(self, url: str, where: str) -> None:
        super().__init__(url, (), ())
        self._where = where

    @cached_property
    def gaps(self) -> tuple[Gap, ...]:
        return (Gap("value-set", self.url, self._where),)

    def contains(self, system: str | None, code: str) -> bool | None:  # noqa: ARG002
        return None
