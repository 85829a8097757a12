"""R4 types, their elements, bindings and invariants.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["resource", "complex-type", "primitive-type"]
Strength = Literal["required", "extensible", "preferred", "example"]

STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
"""The prefix of the canonicals of R4's own types, profiles and extensions."""


def type_url(name: str) -> str:
    """The canonical of an R4 type."""
    return STRUCTURES + name


def type_suffix(name: str, choice: str) -> str:
    """The type suffix in the JSON name of a choice element, such as `Quantity` in `valueQuantity`; empty for
    any other name.
    """
    suffix = name.removeprefix(choice)
    return suffix if suffix != name and suffix[:1].isupper() else ""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type that an element may have; empty target types mean any."""

    code: str
    target_types: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """The binding of an element to a value set (canonical, possibly with `|version`). Codes must be in
    `max_value_set` even if the binding is extensible or preferred.
    """

    strength: Strength
    value_set: str
    max_value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """An invariant of an element or type: a FHIRPath expression that must be true."""

    key: str
    severity: Literal["error", "warning"]
    human: str
    expression: str


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element of a type; a choice is one element, with its name without `[x]`.

    `invariants` are those of the element itself; those of its type are in the type's definition. `max` None
    means no limit.
    """

    name: str
    path: str
    min: int
    max: int | None
    types: tuple[TypeRef, ...]
    choice: bool = False
    binding: Binding | None = None
    invariants: tuple[Invariant, ...] = ()
    is_summary: bool = False
    is_modifier: bool = False
    xml_attribute: bool = False
    content_reference: str | None = None
    inline: Mapping[str, "Element"] = field(default_factory=dict, repr=False)
    siblings: Mapping[str, "Element"] = field(default_factory=dict, repr=False)

    @property
    def children(self) -> Mapping[str, "Element"]:
        """The child elements of a backbone element, or of the target of its contentReference."""
        if self.content_reference:
            return self.siblings[self.content_reference].inline
        return self.inline

    @property
    def is_list(self) -> bool:
        """Whether JSON represents it as an array."""
        return self.max is None or self.max > 1

    def json_names(self) -> dict[str, TypeRef]:
        """Its JSON property names, each with its type, such as `valueQuantity` and `valueString`.

        An element with a contentReference has the type `BackboneElement`.
        """
        if not self.choice:
            return {self.name: self.types[0] if self.types else TypeRef("BackboneElement")}
        return {self.name + ref.code[0].upper() + ref.code[1:]: ref for ref in self.types}

    def step(self, ref: TypeRef) -> str:
        """The FHIRPath step to its values of one type."""
        return f".{self.name}.ofType({ref.code})" if self.choice else f".{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class TypeDefinition:
    """One R4 type with all its elements, inherited ones first, in XML order.

    `invariants` include those of its base types. For a primitive type, `regex` is that of its value, and
    `value` holds the FHIRPath System type (`type`) and limits named as in ElementDefinition. `binding` is
    that of the type itself, as Age has for its units.
    """

    name: str
    kind: Kind
    base: str | None
    abstract: bool
    url: str
    elements: Mapping[str, Element]
    invariants: tuple[Invariant, ...] = ()
    regex: str | None = None
    value: Mapping[str, Any] = field(default_factory=dict)
    binding: Binding | None = None

    def names(self) -> frozenset[str]:
        """The names by which clients may refer to elements: `value`, and the JSON name `valueQuantity`."""
        return frozenset(
            name for element in self.elements.values() for name in (element.name, *element.json_names())
        )
