"""The codes of a value set, where they can be listed from what the definitions hold.

https://hl7.org/fhir/R4/valueset.html#compositions
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


@dataclass(frozen=True, slots=True)
class Concept:
    """One code of a code system with its place in the hierarchy."""

    system: str
    code: str
    display: str | None = None
    parents: tuple[str, ...] = ()
    abstract: bool = False
    status: str = "active"


@dataclass(frozen=True)
class CodeSystem:
    """A code system; only one whose `content` is `complete` has all its codes here."""

    url: str
    concepts: tuple[Concept, ...]
    content: str = "complete"
    version: str | None = None
    name: str = ""
    case_sensitive: bool = True

    @cached_property
    def by_code(self) -> Mapping[str, Concept]:
        return {concept.code: concept for concept in self.concepts}

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        children: dict[str, list[str]] = {}
        for concept in self.concepts:
            for parent in concept.parents:
                children.setdefault(parent, []).append(concept.code)
        return children

    def descendants(self, code: str) -> frozenset[str]:
        """Every code below `code`, without itself."""
        found: set[str] = set()
        waiting = [code]
        while waiting:
            below = set(self._children.get(waiting.pop(), ())) - found
            found |= below
            waiting.extend(below)
        return frozenset(found)


@dataclass(frozen=True)
class CodeList:
    """The members of a value set, in the order of its composition."""

    value_set: str
    concepts: tuple[Concept, ...]

    @cached_property
    def codes(self) -> frozenset[str]:
        """The bare codes, of whatever system."""
        return frozenset(concept.code for concept in self.concepts)

    @cached_property
    def _pairs(self) -> frozenset[tuple[str, str]]:
        return frozenset((concept.system, concept.code) for concept in self.concepts)

    def contains(self, system: str | None, code: str) -> bool:
        """Whether the code is a member; without a system, whether it is one in any system."""
        return code in self.codes if system is None else (system, code) in self._pairs


class NotEnumerable(Exception):
    """A value set draws on codes that the definitions do not hold."""


@dataclass(frozen=True, slots=True)
class Composer:
    """Lists the members of a composition from the code systems and value sets it is given."""

    code_system: Callable[[str], CodeSystem | None]
    value_set: Callable[[str], CodeList | None]

    def members(self, compose: Mapping[str, Any]) -> tuple[Concept, ...]:
        """The included concepts without the excluded ones; raises NotEnumerable."""
        members = {(c.system, c.code): c for part in compose["include"] for c in self._part(part)}
        for part in compose.get("exclude", ()):
            for concept in self._part(part):
                members.pop((concept.system, concept.code), None)
        return tuple(members.values())

    def _part(self, part: Mapping[str, Any]) -> Iterable[Concept]:
        """One include: its system's concepts, narrowed to those in all of its value sets."""
        lists = [self._imported(url) for url in part.get("valueSet", ())]
        if "system" in part:
            concepts = self._of_system(part)
        elif lists:
            concepts = iter(lists.pop(0).concepts)
        else:
            raise NotEnumerable
        return [c for c in concepts if all(members.contains(c.system, c.code) for members in lists)]

    def _imported(self, url: str) -> CodeList:
        members = self.value_set(url)
        if members is None:
            raise NotEnumerable(url)
        return members

    def _of_system(self, part: Mapping[str, Any]) -> Iterator[Concept]:
        system = self.code_system(part["system"])
        if part.get("left_out"):
            raise NotEnumerable(part["system"])
        if "concept" in part:
            yield from (_listed(part["system"], entry, system) for entry in part["concept"])
            return
        if system is None or system.content != "complete":
            raise NotEnumerable(part["system"])
        wanted = frozenset(system.by_code)
        for rule in part.get("filter", ()):
            wanted &= _filtered(system, rule)
        yield from (concept for concept in system.concepts if concept.code in wanted)


def _listed(url: str, entry: Mapping[str, str], system: CodeSystem | None) -> Concept:
    """A concept that the composition names, with the display it gives or else the system's."""
    known = system.by_code.get(entry["code"]) if system else None
    display = entry.get("display") or (known.display if known else None)
    if known is None:
        return Concept(url, entry["code"], display)
    return Concept(url, known.code, display, known.parents, known.abstract, known.status)


def _filtered(system: CodeSystem, rule: Mapping[str, str]) -> frozenset[str]:
    """The codes that a hierarchy filter selects; other filters are not known here."""
    code = rule["value"]
    if rule["property"] != "concept":
        raise NotEnumerable(f"{system.url} by {rule['property']}")
    match rule["op"]:
        case "is-a":
            return system.descendants(code) | {code}
        case "descendent-of":
            return system.descendants(code)
        case "is-not-a":
            return frozenset(system.by_code) - system.descendants(code) - {code}
        case operator:
            raise NotEnumerable(f"{system.url} by {operator}")


def code_system_from_fact(url: str, fact: Mapping[str, Any]) -> CodeSystem:
    """The code system of one compiled fact, whose concepts are `[code, display, {...}]`."""
    return CodeSystem(
        url=url,
        concepts=tuple(_concept_from_row(url, *row) for row in fact["concepts"]),
        content=fact["content"],
        version=fact["version"],
        name=fact["name"],
        case_sensitive=fact["case_sensitive"],
    )


def _concept_from_row(
    system: str, code: str, display: str | None = None, more: Mapping[str, Any] | None = None
) -> Concept:
    if more is None:
        return Concept(system, code, display)
    parents = tuple(more.get("parents", ()))
    return Concept(system, code, display, parents, more.get("abstract", False), more.get("status", "active"))


def code_system_from_resource(resource: Mapping[str, Any]) -> CodeSystem:
    """The code system that a CodeSystem resource defines."""
    url = resource["url"]
    return CodeSystem(
        url=url,
        concepts=tuple(_concepts_from_tree(url, resource.get("concept", ()))),
        content=resource["content"],
        version=resource.get("version"),
        name=resource.get("name", ""),
        case_sensitive=resource.get("caseSensitive", True),
    )


def _concepts_from_tree(
    system: str, tree: Iterable[Mapping[str, Any]], parents: tuple[str, ...] = ()
) -> Iterator[Concept]:
    """Every concept of the tree in its order."""
    for entry in tree:
        properties = {p["code"]: p for p in entry.get("property", ())}
        yield Concept(
            system=system,
            code=entry["code"],
            display=entry.get("display"),
            parents=parents,
            abstract=properties.get("notSelectable", {}).get("valueBoolean", False),
            status=properties.get("status", {}).get("valueCode", "active"),
        )
        yield from _concepts_from_tree(system, entry.get("concept", ()), (entry["code"],))
