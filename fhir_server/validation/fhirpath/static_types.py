"""What is known of items before any data is seen: their types, and the elements they may have.

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
class Shape:
    """The types that items may have, any where none is named, and the elements of those with one type."""

    types: frozenset[str] = frozenset()
    elements: Mapping[str, Element] | None = None

    @property
    def temporal(self) -> bool:
        """Whether the items are dates or times."""
        return bool(self.types) and self.types <= TEMPORAL


UNKNOWN = Shape()


def of(*types: str) -> Shape:
    """The shape of values of simple types."""
    return Shape(frozenset(types))


BOOLEAN, STRING, INTEGER, DECIMAL = of("boolean"), of("string"), of("integer"), of("decimal")


class Types:
    """Shapes by the names and elements of a registry's types."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self.bases = lru_cache(maxsize=4096)(self._bases)

    def of_type(self, name: str) -> Shape:
        """The shape of a type; unknown for one that may be any."""
        definition = self._definition(name)
        if definition is None or definition.abstract:
            return UNKNOWN
        if definition.kind == "primitive-type":
            return of(name)
        return Shape(frozenset((name,)), definition.elements)

    def of_element(self, element: Element, refs: tuple[TypeRef, ...]) -> Shape:
        """The shape of what an element holds under some of its types."""
        if element.children:
            return Shape(frozenset(("BackboneElement",)), element.children)
        if len(refs) == 1:
            return self.of_type(refs[0].code)
        return of(*(ref.code for ref in refs))

    def is_primitive(self, name: str) -> bool:
        """Whether a type is primitive."""
        return self._kind(name) == "primitive-type"

    def is_resource(self, name: str) -> bool:
        """Whether a type is a resource, abstract ones too."""
        return self._kind(name) == "resource"

    def _kind(self, name: str) -> Kind | None:
        """The kind of a type; None where there is none of that name."""
        definition = self._definition(name)
        return definition.kind if definition is not None else None

    def _definition(self, name: str) -> TypeDefinition | None:
        try:
            return self._registry.type(name)
        except KeyError:
            return None

    def _bases(self, name: str) -> frozenset[str]:
        """A type with all that it derives from."""
        found = set()
        base: str | None = name
        while base:
            found.add(base)
            definition = self._definition(base)
            base = definition.base if definition is not None else None
        return frozenset(found)

    def named(self, name: str) -> str:
        """The R4 type that an expression names, which may write `Boolean` for boolean. Raises `FhirPathError`
        where there is none.
        """
        lowered = name[:1].lower() + name[1:]
        if self.is_primitive(lowered):
            return lowered
        if self._kind(name) is None:
            raise FhirPathError(f"{name} is no type")
        return name
