"""The nodes of a compiled profile. They hold only what the profile adds to its base type, to keep checks
fast.

https://hl7.org/fhir/R4/profiling.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive
from fhir_server.validation.findings import Finding, Findings, prefixed, quoted_list
from fhir_server.validation.invariants.compiler import CompiledInvariant
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext, joined
from fhir_server.validation.profiles.invariants import check_invariants
from fhir_server.validation.profiles.slicing import Slicing, check_values
from fhir_server.validation.profiles.value_checks import ValueCheck


class ElementValue(NamedTuple):
    """A value of an element, the name of its type, and its FHIRPath step from the object that holds it.

    `position` is the index in an array, -1 for an element that does not repeat.
    """

    value: Any
    type: str
    step: str
    position: int = -1

    @property
    def where(self) -> str:
        """Its location relative to the object that holds it."""
        return self.step if self.position < 0 else f"{self.step}[{self.position}]"


@dataclass(frozen=True, slots=True, eq=False)
class ItemNode:
    """The rules for one value: checks, invariants, and its elements. `is_resource` for a nested resource."""

    checks: tuple[ValueCheck, ...] = ()
    invariants: tuple[CompiledInvariant, ...] = ()
    elements: "tuple[ElementNode, ...]" = ()
    is_resource: bool = False

    def check(self, value: Any, context: ValidationContext) -> Findings:
        found: list[Finding] | None = None
        for check in self.checks:
            if (more := check(value, context)) is not None:
                found = joined(found, more)
        if self.invariants and (more := check_invariants(self.invariants, value, context)) is not None:
            found = joined(found, more)
        if self.elements:
            holder = value if type(value) is dict else _companion_of(value)
            if self.is_resource:
                context = context.for_nested(holder)
            for element in self.elements:
                if (
                    element.may_be_absent
                    and element.name not in holder
                    and element.companion not in holder
                    and (element.choice is None or element.choice.isdisjoint(holder))
                ):
                    continue
                if (more := element.check(holder, context)) is not None:
                    found = joined(found, more)
        return found


@dataclass(frozen=True, slots=True, eq=False)
class Property:
    """A JSON name of an element, with its companion, the type that it implies, and its FHIRPath step.

    `allowed` is false if the profile excludes the type.
    """

    name: str
    type: str
    step: str
    companion: str
    allowed: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class ElementNode:
    """The rules for an element of an object: cardinality, types, slices, and the rules for each value.

    `path` is the element's path in its type. `items` are the rules by the type of the value. `max` None means
    no limit. With `may_be_absent` there is nothing to check if the element is absent. `choice` are all JSON
    names of a choice element; `sole` is the property of an element with a single name.
    """

    name: str
    path: str
    profile: str
    properties: tuple[Property, ...]
    min: int = 0
    max: int | None = None
    must_support: bool = False
    items: Mapping[str, ItemNode] = field(default_factory=dict)
    slicing: Slicing | None = None
    by_name: Mapping[str, Property] = field(init=False)
    choice: frozenset[str] | None = field(init=False)
    sole: Property | None = field(init=False)
    companion: str = field(init=False)
    is_narrowed: bool = field(init=False)
    may_be_absent: bool = field(init=False)

    def __post_init__(self) -> None:
        names = {known.name: known for known in self.properties}
        companions = {known.companion: known for known in self.properties}
        is_choice = len(self.properties) > 1 or self.properties[0].name != self.name
        object.__setattr__(self, "by_name", names | companions)
        object.__setattr__(self, "choice", frozenset(self.by_name) if is_choice else None)
        object.__setattr__(self, "companion", f"_{self.name}")
        may_be_absent = not (self.min or self.must_support or self.slicing)
        object.__setattr__(self, "may_be_absent", may_be_absent)
        is_narrowed = not all(known.allowed for known in self.properties)
        is_sole = len(self.properties) == 1 and not is_narrowed
        object.__setattr__(self, "sole", self.properties[0] if is_sole else None)
        object.__setattr__(self, "is_narrowed", is_narrowed)

    def check(self, holder: dict[str, Any], context: ValidationContext) -> Findings:
        sole = self.sole
        if sole is not None and self.slicing is None and sole.companion not in holder:
            return self._check_simple(holder.get(sole.name), sole, context)
        values = self.values(holder)
        count = len(values)
        if not count:
            if self.must_support:
                context.missing.append(self.path)
            if not self.min and self.slicing is None:
                return None
        found: list[Finding] | None = None
        if count < self.min or (self.max is not None and count > self.max):
            found = [self._cardinality_finding(count)]
        if self.items:
            found = joined(found, check_values(self.items, values, context))
        if self.slicing is not None and (more := self.slicing.check(values, context)) is not None:
            found = joined(found, more)
        return joined(found, self._types(values)) if self.is_narrowed else found

    def _check_simple(self, value: Any, known: Property, context: ValidationContext) -> Findings:
        """The fast path of `check`: an element with one name, no slices and no companion."""
        is_list = type(value) is list
        count = len(value) if is_list else int(value is not None)
        if not count and self.must_support:
            context.missing.append(self.path)
        found: list[Finding] | None = None
        if count < self.min or (self.max is not None and count > self.max):
            found = [self._cardinality_finding(count)]
        item = self.items.get(known.type)
        if not count or item is None:
            return found
        if not is_list:
            more = item.check(value, context)
            return found if more is None else joined(found, prefixed(more, known.step))
        for index, member in enumerate(value):
            if (more := item.check(member, context)) is not None:
                found = joined(found, prefixed(more, f"{known.step}[{index}]"))
        return found

    def values(self, holder: dict[str, Any]) -> list[ElementValue]:
        """The values of the element in an object, each with its companion."""
        if self.sole is not None:
            return _of_property(self.sole, holder)
        for name in holder:
            if name in self.by_name:
                return _of_property(self.by_name[name], holder)
        return []

    def _cardinality_finding(self, count: int) -> Finding:
        where = f".{self.name}"
        if count < self.min:
            text = messages.TOO_FEW(name=self.name, minimum=self.min, count=count)
            return Finding("required", text, where)
        if self.max == 0:
            return Finding("structure", messages.NOT_ALLOWED(name=self.name, profile=self.profile), where)
        text = messages.TOO_MANY(name=self.name, maximum=self.max, count=count)
        return Finding("structure", text, where)

    def _types(self, values: list[ElementValue]) -> Findings:
        """Findings for values of a choice element whose type the profile does not allow."""
        allowed = [known.type for known in self.properties if known.allowed]
        found = []
        for element_value in values:
            if element_value.type not in allowed:
                text = messages.TYPE_NOT_ALLOWED(
                    profile=self.profile, type=element_value.type, types=quoted_list(allowed)
                )
                found.append(Finding("structure", text, element_value.where))
        return found or None


def _of_property(known: Property, holder: dict[str, Any]) -> list[ElementValue]:
    value, companion = holder.get(known.name), holder.get(known.companion)
    if companion is None:
        if value is None:
            return []
        if type(value) is not list:
            return [ElementValue(value, known.type, known.step)]
        return [ElementValue(member, known.type, known.step, index) for index, member in enumerate(value)]
    if type(value) is not list and type(companion) is not list:
        return [ElementValue(_with_companion(value, companion), known.type, known.step)]
    return _paired(known, value, companion)


def _paired(known: Property, value: Any, companion: Any) -> list[ElementValue]:
    """The values of an array of primitives, each with its companion."""
    values = value if type(value) is list else []
    companions = companion if type(companion) is list else []
    count = max(len(values), len(companions))
    return [
        ElementValue(
            _with_companion(
                values[index] if index < len(values) else None,
                companions[index] if index < len(companions) else None,
            ),
            known.type,
            known.step,
            index,
        )
        for index in range(count)
    ]


def _companion_of(value: Any) -> dict[str, Any]:
    """The id and extensions of a primitive."""
    return value.companion if type(value) is ExtendedPrimitive else {}


def _with_companion(value: Any, companion: Any) -> Any:
    return ExtendedPrimitive(value, companion) if type(companion) is dict else value
