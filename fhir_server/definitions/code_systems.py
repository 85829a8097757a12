"""Code systems and their concepts, with hierarchy, properties and designations.

https://hl7.org/fhir/R4/codesystem.html
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import msgspec

from fhir_server.core.reference import with_version

INACTIVE_STATUSES = frozenset({"retired", "inactive", "withdrawn"})
_CONCEPT_PROPERTIES = "http://hl7.org/fhir/concept-properties#"

Fact = Mapping[str, Any]
"""An element or resource as JSON, or a compiled fact."""

Key = tuple[str, str | None, str]
"""The unique key of a concept: system, version of the system, and code."""


@dataclass(frozen=True, slots=True)
class Concept:
    """One concept of a code system with its parents.

    `designations`, `properties` and `extensions` are the JSON elements of CodeSystem.concept, and those of a
    value set that lists the code.
    """

    system: str
    code: str
    display: str | None = None
    parents: tuple[str, ...] = ()
    abstract: bool = False
    status: str = "active"
    inactive: bool = False
    definition: str | None = None
    designations: tuple[Fact, ...] = ()
    properties: tuple[Fact, ...] = ()
    version: str | None = None
    extensions: tuple[Fact, ...] = ()

    @property
    def key(self) -> Key:
        return self.system, self.version, self.code

    def key_of(self, code: str) -> Key:
        """The key of another concept of the same system."""
        return self.system, self.version, code

    def values(self, name: str) -> list[str]:
        """The values of a property as strings; of a Coding its code."""
        return [text_of(value_of(property)) for property in self.properties if property.get("code") == name]


def value_of(element: Fact) -> Any:
    """The value of an element's value[x]; None if it is absent."""
    return next((value for name, value in element.items() if name.startswith("value")), None)


def text_of(value: Any) -> str:
    """The value of a property as a string, as filters write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return str(value.get("code", ""))
    return bytes(value).decode() if isinstance(value, msgspec.Raw) else str(value)


@dataclass(frozen=True)
class CodeSystem:
    """A code system; `concepts` are all its codes only if `content` is `complete`.

    `grammar` decides whether a string is a code of a system that cannot be listed; it returns None if that is
    unknown. `properties_known` is false if only the codes and their hierarchy are known.
    """

    url: str
    concepts: tuple[Concept, ...]
    content: str = "complete"
    version: str | None = None
    name: str = ""
    case_sensitive: bool = True
    title: str | None = None
    status: str = "active"
    experimental: bool = False
    language: str | None = None
    value_set: str | None = None
    property_uris: Mapping[str, str] = field(default_factory=dict)
    properties_known: bool = True
    grammar: Callable[[str], bool | None] | None = None
    supplements: tuple[str, ...] = ()

    @property
    def canonical(self) -> str:
        """`url|version`, or only the url."""
        return with_version(self.url, self.version)

    @property
    def is_complete(self) -> bool:
        """Whether `concepts` are all concepts of the system."""
        return self.content == "complete" and self.grammar is None

    @cached_property
    def by_code(self) -> Mapping[str, Concept]:
        return {concept.code: concept for concept in self.concepts}

    @cached_property
    def _by_folded_code(self) -> Mapping[str, Concept]:
        return {concept.code.casefold(): concept for concept in self.concepts}

    def find(self, code: str) -> Concept | None:
        """The concept of a code; the case is ignored if the system is not case-sensitive."""
        found = self.by_code.get(code)
        if found is None and not self.case_sensitive:
            found = self._by_folded_code.get(code.casefold())
        if found is None and self.grammar is not None and self.grammar(code):
            return Concept(self.url, code, version=self.version)
        return found

    def has(self, code: str) -> bool | None:
        """Whether it is a code of the system; None if that is unknown."""
        if self.find(code) is not None:
            return True
        if self.grammar is not None:
            return self.grammar(code)
        return False if self.content == "complete" else None

    @cached_property
    def _children(self) -> Mapping[str, list[str]]:
        children: dict[str, list[str]] = {}
        for concept in self.concepts:
            for parent in concept.parents:
                children.setdefault(parent, []).append(concept.code)
        return children

    def children(self, code: str) -> tuple[str, ...]:
        """The codes directly below `code`."""
        return tuple(self._children.get(code, ()))

    def descendants(self, code: str) -> frozenset[str]:
        """All codes below `code`, without itself."""
        return _closure(code, self.children)

    def ancestors(self, code: str) -> frozenset[str]:
        """All codes above `code`, without itself."""
        return _closure(code, self._parents)

    def _parents(self, code: str) -> tuple[str, ...]:
        concept = self.by_code.get(code)
        return concept.parents if concept else ()

    def with_supplement(self, supplement: "CodeSystem") -> "CodeSystem":
        """The system with the designations, properties and extensions of a supplement."""
        added = supplement.by_code
        concepts = tuple(
            replace(
                concept,
                designations=concept.designations + more.designations + _translation(more, supplement),
                properties=concept.properties + more.properties,
                extensions=concept.extensions + more.extensions,
            )
            if (more := added.get(concept.code))
            else concept
            for concept in self.concepts
        )
        uris = {**supplement.property_uris, **self.property_uris}
        used = (*self.supplements, supplement.canonical)
        return replace(self, concepts=concepts, property_uris=uris, supplements=used)


def _closure(code: str, step: Callable[[str], Iterable[str]]) -> frozenset[str]:
    """The transitive closure of `step` from `code`, without itself."""
    found: set[str] = set()
    waiting = [code]
    while waiting:
        further = set(step(waiting.pop())) - found
        found |= further
        waiting.extend(further)
    return frozenset(found - {code})


def _translation(concept: Concept, supplement: CodeSystem) -> tuple[Fact, ...]:
    """A supplement's own display of a concept, as a designation in the supplement's language."""
    if not concept.display or not supplement.language:
        return ()
    return ({"language": supplement.language, "value": concept.display},)


def code_system_from_fact(url: str, fact: Fact) -> CodeSystem:
    """The code system of one compiled fact; its concepts are rows `[code, display, {...}]`."""
    version = fact["version"]
    return CodeSystem(
        url=url,
        concepts=tuple(_concept_from_row(url, version, *row) for row in fact["concepts"]),
        content=fact["content"],
        version=version,
        name=fact["name"],
        case_sensitive=fact["case_sensitive"],
        language="en",
        properties_known=False,
    )


def _concept_from_row(
    system: str, version: str | None, code: str, display: str | None = None, more: Fact | None = None
) -> Concept:
    if more is None:
        return Concept(system, code, display, version=version)
    status = more.get("status", "active")
    return Concept(
        system,
        code,
        display,
        parents=tuple(more.get("parents", ())),
        abstract=more.get("abstract", False),
        status=status,
        inactive=status in INACTIVE_STATUSES,
        version=version,
    )


def has_no_content(resource: Fact) -> bool:
    """Whether a CodeSystem only names a system, without any codes, as many do in packages."""
    return resource.get("content") == "not-present" and not resource.get("concept")


def code_system_from_resource(resource: Fact) -> CodeSystem:
    """The code system that a CodeSystem resource defines."""
    names = _PropertyNames(resource)
    concepts: dict[str, Concept] = {}
    for concept in _concepts_from_tree(resource, names, resource.get("concept", ()), ()):
        concepts.setdefault(concept.code, concept)
    return CodeSystem(
        url=resource["url"],
        concepts=tuple(_with_property_parents(concepts, names)),
        content=resource["content"],
        version=resource.get("version"),
        name=resource.get("name", ""),
        case_sensitive=resource.get("caseSensitive", True),
        title=resource.get("title"),
        status=effective_status(resource),
        experimental=resource.get("experimental", False),
        language=resource.get("language"),
        value_set=resource.get("valueSet"),
        property_uris={
            property["code"]: property["uri"]
            for property in resource.get("property", ())
            if "uri" in property
        },
    )


_STANDARDS_STATUS = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"


def effective_status(resource: Fact) -> str:
    """The status of a resource or element; `deprecated` or `withdrawn` if its standards-status extension says
    so.
    """
    for extension in resource.get("extension", ()):
        if extension.get("url") == _STANDARDS_STATUS and value_of(extension) in ("deprecated", "withdrawn"):
            return str(value_of(extension))
    return str(resource.get("status", "active"))


class _PropertyNames:
    """The property codes that a code system uses for the concept properties that FHIR defines."""

    def __init__(self, resource: Fact) -> None:
        self._uris = {
            property["code"]: property.get("uri")
            for property in resource.get("property", ())
            if "code" in property
        }
        self.abstract = self._code_of("notSelectable")
        self.status = self._code_of("status")
        self.inactive = self._code_of("inactive")
        self.parent = self._code_of("parent")
        self.child = self._code_of("child")

    def _code_of(self, name: str) -> str:
        """The code of FHIR's concept property `name`; empty if the system uses that code for another
        property.
        """
        own = next((code for code, uri in self._uris.items() if uri == _CONCEPT_PROPERTIES + name), None)
        return own or ("" if self._uris.get(name) else name)


def _concepts_from_tree(
    resource: Fact, names: _PropertyNames, tree: Iterable[Fact], parents: tuple[str, ...]
) -> Iterator[Concept]:
    """All concepts of the tree, in order."""
    for entry in tree:
        properties = tuple(entry.get("property", ()))
        said = {
            property["code"]: text_of(value_of(property)) for property in properties if "code" in property
        }
        status = said.get(names.status) or effective_status(entry)
        yield Concept(
            system=resource["url"],
            code=entry["code"],
            display=entry.get("display"),
            parents=parents,
            abstract=said.get(names.abstract) == "true",
            status=status,
            inactive=said.get(names.inactive) == "true" or status in INACTIVE_STATUSES,
            definition=entry.get("definition"),
            designations=tuple(entry.get("designation", ())),
            properties=properties,
            version=resource.get("version"),
            extensions=tuple(
                extension
                for extension in entry.get("extension", ())
                if extension.get("url") != _STANDARDS_STATUS
            ),
        )
        yield from _concepts_from_tree(resource, names, entry.get("concept", ()), (entry["code"],))


def _with_property_parents(concepts: Mapping[str, Concept], names: _PropertyNames) -> Iterator[Concept]:
    """The concepts with the parents from the tree and from their `parent` and `child` properties."""
    further: dict[str, list[str]] = {}
    for concept in concepts.values():
        for parent in concept.values(names.parent):
            further.setdefault(concept.code, []).append(parent)
        for child in concept.values(names.child):
            further.setdefault(child, []).append(concept.code)
    for concept in concepts.values():
        parents = [parent for parent in further.get(concept.code, ()) if parent in concepts]
        linked = tuple(dict.fromkeys((*concept.parents, *parents)))
        yield replace(concept, parents=linked) if linked != concept.parents else concept
