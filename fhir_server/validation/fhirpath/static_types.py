"""Static types: what the definitions say about items before any data is seen.

https://hl7.org/fhir/R4/fhirpath.html#types
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import Element, Kind, TypeDefinition, TypeRef
from fhir_server.definitions.registry import Registry

TEMPORAL = frozenset({"date", "dateTime", "instant", "time"})


@dataclass(frozen=True, slots=True, eq=False)
class StaticType:
    """The possible types of items (empty: any), and their elements if there is only one type."""

    types: frozenset[str] = frozenset()
    elements: Mapping[str, Element] | None = None

    @property
    def temporal(self) -> bool:
        """Whether the items are dates or times."""
        return bool(self.types) and self.types <= TEMPORAL


UNKNOWN = StaticType()


def type_named(*types: str) -> StaticType:
    """The static type of values of one of these types, without elements."""
    return StaticType(frozenset(types))


BOOLEAN, STRING, INTEGER, DECIMAL = (
    type_named("boolean"),
    type_named("string"),
    type_named("integer"),
    type_named("decimal"),
)


class Types:
    """Static types for a registry's types and elements."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.bases = lru_cache(maxsize=4096)(self._bases)

    def of_type(self, name: str) -> StaticType:
        """The static type for a type name; `UNKNOWN` for an abstract or unknown type."""
        definition = self._definition(name)
        if definition is None or definition.abstract:
            return UNKNOWN
        if definition.kind == "primitive-type":
            return type_named(name)
        return StaticType(frozenset((name,)), definition.elements)

    def of_element(self, element: Element, refs: tuple[TypeRef, ...]) -> StaticType:
        """The static type of an element's values of some of its types."""
        if element.children:
            return StaticType(frozenset(("BackboneElement",)), element.children)
        if len(refs) == 1:
            return self.of_type(refs[0].code)
        return type_named(*(ref.code for ref in refs))

    def is_primitive(self, name: str) -> bool:
        """Whether a type is primitive."""
        return self._kind(name) == "primitive-type"

    def is_resource(self, name: str) -> bool:
        """Whether a type is a resource type, including abstract ones."""
        return self._kind(name) == "resource"

    def _kind(self, name: str) -> Kind | None:
        """The kind of a type; None if there is no such type."""
        definition = self._definition(name)
        return definition.kind if definition is not None else None

    def _definition(self, name: str) -> TypeDefinition | None:
        try:
            return self._registry.type(name)
        except KeyError:
            return None

    def _bases(self, name: str) -> frozenset[str]:
        """A type and all its base types."""
        found = set()
        base: str | None = name
        while base:
            found.add(base)
            definition = self._definition(base)
            base = definition.base if definition is not None else None
        return frozenset(found)

    def resolve_type_name(self, name: str) -> str:
        """The R4 type that an expression names; it may write `Boolean` for boolean. Raises `FhirPathError`
        for an unknown type.
        """
        lowered = name[:1].lower() + name[1:]
        if self.is_primitive(lowered):
            return lowered
        if self._kind(name) is None:
            raise FhirPathError(f"{name} is no type")
        return name
