"""Types, elements and what is said of them, as values.

https://hl7.org/fhir/R4/elementdefinition.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["resource", "complex-type", "primitive-type"]
Strength = Literal["required", "extensible", "preferred", "example"]

STRUCTURES = "http://hl7.org/fhir/StructureDefinition/"
"""What the canonicals of R4's own types, profiles and extensions begin with."""


def type_url(name: str) -> str:
    """The canonical of one of R4's types."""
    return STRUCTURES + name


def type_suffix(name: str, choice: str) -> str:
    """What a JSON name says after that of a choice, such as `Quantity` in `valueQuantity`; empty for a name
    that is none of the choice's.
    """
    suffix = name.removeprefix(choice)
    return suffix if suffix != name and suffix[:1].isupper() else ""


@dataclass(frozen=True, slots=True)
class TypeRef:
    """A type that an element may have; no target types means any."""

    code: str
    target_types: tuple[str, ...] = ()
    profiles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """The value set (canonical, perhaps with `|version`) an element draws its codes from; `max_value_set` is
    the one that not even an extensible or preferred binding may leave.
    """

    strength: Strength
    value_set: str
    max_value_set: str | None = None


@dataclass(frozen=True, slots=True)
class Invariant:
    """A rule on an element or type, as a FHIRPath expression that must be true."""

    key: str
    severity: Literal["error", "warning"]
    human: str
    expression: str


@dataclass(frozen=True, slots=True, eq=False)
class Element:
    """One element of a type; a choice is one element, under its name without `[x]`.

    `invariants` are those stated on the element itself: those of its type stand in the type's
    definition. `max` is None where there is no limit.
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
        """The elements of an inline backbone, or of the one that this element refers to."""
        if self.content_reference:
            return self.siblings[self.content_reference].inline
        return self.inline

    @property
    def is_list(self) -> bool:
        """Whether JSON writes it as an array."""
        return self.max is None or self.max > 1

    def json_names(self) -> dict[str, TypeRef]:
        """The JSON properties it may appear under, each with its type: `valueQuantity`, `valueString`.

        An element that refers to another's content has a `BackboneElement` under its own name.
        """
        if not self.choice:
            return {self.name: self.types[0] if self.types else TypeRef("BackboneElement")}
        return {self.name + ref.code[0].upper() + ref.code[1:]: ref for ref in self.types}

    def step(self, ref: TypeRef) -> str:
        """The FHIRPath step to its values of one of its types."""
        return f".{self.name}.ofType({ref.code})" if self.choice else f".{self.name}"


@dataclass(frozen=True, slots=True, eq=False)
class TypeDefinition:
    """One R4 type with all its elements, inherited ones first, in the order of XML.

    `invariants` include those of its base types. `regex` is that of a primitive type's value, `value` what
    that is for FHIRPath (`type`) and its limits under their names in ElementDefinition. `binding` is that of
    the type as a whole, as Age has for its units.
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
        """By which a client may name the elements: `value`, and as JSON has it, `valueQuantity`."""
        return frozenset(
            name for element in self.elements.values() for name in (element.name, *element.json_names())
        )
