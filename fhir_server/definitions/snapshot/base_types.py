"""The snapshots of R4's own types, generated from the compiled facts.

https://hl7.org/fhir/R4/structuredefinition.html
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any

from fhir_server.definitions.elements import (
    STRUCTURES,
    Binding,
    Element,
    Invariant,
    TypeDefinition,
    TypeRef,
    type_url,
)
from fhir_server.definitions.snapshot.snapshot import ElementDefinition, Snapshot

VERSION = "4.0.1"
"""The version of R4 and of all its definitions."""
SYSTEM_TYPES = "http://hl7.org/fhirpath/System."
FHIR_TYPE = STRUCTURES + "structuredefinition-fhir-type"
REGEX = STRUCTURES + "regex"
MAX_VALUE_SET = STRUCTURES + "elementdefinition-maxValueSet"

Json = dict[str, Any]


class BaseTypes:
    """Generates and caches snapshots of R4's types; invariants of thousands of elements are shared."""

    def __init__(self, definition: Callable[[str], TypeDefinition]) -> None:
        self.definition = definition
        self._made: dict[str, Snapshot] = {}

    def snapshot(self, name: str) -> Snapshot:
        """The snapshot of a resource, complex or primitive type. Raises KeyError for an unknown type."""
        made = self._made.get(name)
        if made is None:
            made = self._made[name] = self._make(self.definition(name))
        return made

    def _make(self, type: TypeDefinition) -> Snapshot:
        return Snapshot(
            url=type.url,
            version=VERSION,
            name=type.name,
            type=type.name,
            kind=type.kind,
            abstract=type.abstract,
            base=None if type.base is None else type_url(type.base),
            derivation=None if type.base is None else "specialization",
            elements=(self._root(type), *self._elements(type.elements.values(), type, "")),
        )

    def _root(self, type: TypeDefinition) -> ElementDefinition:
        element: ElementDefinition = {"id": type.name, "path": type.name, "min": 0, "max": "*"}
        element["base"] = {"path": type.name, "min": 0, "max": "*"}
        if rules := [*self._invariants(type)]:
            element["constraint"] = rules
        element["isModifier"] = False
        if type.binding:
            element["binding"] = _binding(type.binding)
        return element

    def _invariants(self, type: TypeDefinition) -> Iterator[Json]:
        """The invariants of the base types, then the type's own, each with its source."""
        inherited = 0
        if type.base:
            base = self.definition(type.base)
            yield from self._invariants(base)
            inherited = len(base.invariants)
        for invariant in type.invariants[inherited:]:
            yield _constraint(invariant, type.url)

    def _elements(
        self, elements: Iterable[Element], holder: TypeDefinition, inside: str
    ) -> Iterator[ElementDefinition]:
        """The elements of a type or backbone element, each followed by its children."""
        for element in elements:
            yield self._element(element, holder, inside)
            if element.inline:
                name = element.path.partition(".")[2]
                yield from self._elements(element.inline.values(), holder, name)
        if not inside and holder.kind == "primitive-type":
            yield _primitive_value(holder)

    def _element(self, element: Element, holder: TypeDefinition, inside: str) -> ElementDefinition:
        limit = "*" if element.max is None else str(element.max)
        made: ElementDefinition = {"id": element.path, "path": element.path}
        if element.xml_attribute:
            made["representation"] = ["xmlAttr"]
        made |= {"min": element.min, "max": limit}
        made["base"] = {"path": self._origin(element, holder, inside), "min": element.min, "max": limit}
        if element.content_reference:
            made["contentReference"] = f"#{element.content_reference}"
        if element.types:
            made["type"] = [_type(ref, element) for ref in element.types]
        if rules := self._rules(element, holder):
            made["constraint"] = rules
        made |= {"isModifier": element.is_modifier, "isSummary": element.is_summary}
        if element.binding:
            made["binding"] = _binding(element.binding)
        return made

    def _origin(self, element: Element, holder: TypeDefinition, inside: str) -> str:
        """ElementDefinition.base.path: the path where the element was first defined."""
        name = element.path.rpartition(".")[2]
        if not inside:
            return f"{self._first_definer(holder.name, element.name)}.{name}"
        first = self._first_definer(self._backbone(holder, inside), element.name)
        return f"{first}.{name}" if first else element.path

    def _backbone(self, holder: TypeDefinition, inside: str) -> str:
        """The type of the backbone element at a path inside a type."""
        elements, code = holder.elements, ""
        for name in inside.split("."):
            element = elements[name.removesuffix("[x]")]
            elements, code = element.inline, element.types[0].code
        return code

    def _first_definer(self, name: str, element: str) -> str:
        """The most general base type of `name` that has the element; empty if none has it."""
        first = ""
        line: str | None = name
        while line:
            type = self.definition(line)
            if element in type.elements:
                first = line
            line = type.base
        return first

    def _rules(self, element: Element, holder: TypeDefinition) -> list[Json]:
        """The invariants of every element and extension, and the element's own."""
        codes = {ref.code for ref in element.types}
        rules: list[Json] = []
        if not _is_system_typed(element) and not self._holds_resources(codes):
            rules.append(self._element_invariant)
        if codes == {"Extension"}:
            rules.append(self._extension_invariant)
        rules += (_constraint(invariant, holder.url) for invariant in element.invariants)
        return rules

    def _holds_resources(self, codes: Iterable[str]) -> bool:
        return any(self.definition(code).kind == "resource" for code in codes)

    @cached_property
    def _element_invariant(self) -> Json:
        return next(self._invariants(self.definition("Element")))

    @cached_property
    def _extension_invariant(self) -> Json:
        extension = self.definition("Extension")
        return _constraint(extension.invariants[-1], extension.url)


def _constraint(invariant: Invariant, source: str) -> Json:
    return {
        "key": invariant.key,
        "severity": invariant.severity,
        "human": invariant.human,
        "expression": invariant.expression,
        "source": source,
    }


def _is_system_typed(element: Element) -> bool:
    """Whether R4 gives the element a FHIRPath System type: ids, and the url of an extension."""
    return element.name == "id" or element.xml_attribute


def _type(ref: TypeRef, element: Element) -> Json:
    if _is_system_typed(element):
        return _system_type("String", ref.code)
    made: Json = {"code": ref.code}
    if ref.profiles:
        made["profile"] = list(ref.profiles)
    if ref.target_types:
        made["targetProfile"] = [type_url(name) for name in ref.target_types]
    return made


def _system_type(system: str, fhir: str, regex: str | None = None) -> Json:
    extensions = [{"url": FHIR_TYPE, "valueUrl": fhir}]
    if regex:
        extensions.append({"url": REGEX, "valueString": regex})
    return {"extension": extensions, "code": SYSTEM_TYPES + system}


def _binding(binding: Binding) -> Json:
    made: Json = {"strength": binding.strength, "valueSet": binding.value_set}
    if binding.max_value_set:
        made["extension"] = [{"url": MAX_VALUE_SET, "valueCanonical": binding.max_value_set}]
    return made


def _primitive_value(type: TypeDefinition) -> ElementDefinition:
    """The `value` element of a primitive type, which JSON writes as the primitive itself."""
    path = f"{type.name}.value"
    limits = dict(type.value)
    system, lowest = limits.pop("type"), limits.pop("min", 0)
    return {
        "id": path,
        "path": path,
        "representation": ["xhtml" if type.name == "xhtml" else "xmlAttr"],
        "min": lowest,
        "max": "1",
        "base": {"path": path, "min": lowest, "max": "1"},
        "type": [_system_type(system, type.name, type.regex)],
        **limits,
        "isModifier": False,
        "isSummary": False,
    }
