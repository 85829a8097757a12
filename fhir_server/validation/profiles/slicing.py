"""Slicing: assigns the values of an element to slices, and checks their number, order and content.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from fhir_server.issues import Text
from fhir_server.validation.findings import Finding, Findings, prefixed, quoted_list
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext, joined

if TYPE_CHECKING:
    from fhir_server.validation.profiles.nodes import ElementValue, ItemNode

DEFAULT = "@default"

Matches = Callable[["ElementValue", ValidationContext], bool | None]
"""Whether a value belongs to a slice; None if that cannot be decided."""


def check_values(
    items: "Mapping[str, ItemNode]", values: "list[ElementValue]", context: ValidationContext
) -> Findings:
    """The findings of values, each by the rules for its type."""
    found: list[Finding] | None = None
    for element_value in values:
        item = items.get(element_value.type)
        if item is not None and (more := item.check(element_value.value, context)) is not None:
            found = joined(found, prefixed(more, element_value.where))
    return found


@dataclass(frozen=True, slots=True, eq=False)
class Slice:
    """One slice of an element. `criteria` says in words which values belong to it.

    `is_needed` if it, or a slice inside it, has a minimum above 0.
    """

    name: str
    matches: Matches
    criteria: str
    min: int = 0
    max: int | None = None
    items: "Mapping[str, ItemNode]" = field(default_factory=dict)
    slicing: "Slicing | None" = None
    is_needed: bool = field(init=False)

    def __post_init__(self) -> None:
        inner = self.slicing.slices if self.slicing is not None else ()
        object.__setattr__(self, "is_needed", self.min > 0 or any(slice.is_needed for slice in inner))

    def check(self, element: str, values: "list[ElementValue]", context: ValidationContext) -> Findings:
        """Check the values of this slice and their number."""
        found = check_values(self.items, values, context)
        if self.slicing is not None:
            found = joined(found, self.slicing.check(values, context))
        count = len(values)
        if count < self.min:
            found = joined(found, [Finding("required", self._missing(element, count), f".{element}")])
        if self.max is not None and count > self.max:
            text = messages.SLICE_TOO_MANY(name=element, maximum=self.max, slice=self.name, count=count)
            found = joined(found, [Finding("structure", text, values[self.max].where)])
        return found

    def _missing(self, element: str, count: int) -> Text:
        facts = {"name": element, "minimum": self.min, "slice": self.name, "count": count}
        if not self.criteria:
            return messages.SLICE_MISSING(**facts)
        return messages.SLICE_TOO_FEW(**facts, criteria=self.criteria)


@dataclass(frozen=True, slots=True, eq=False)
class Slicing:
    """The slices of an element, and the rules for values that belong to none.

    With `errors_only`, values that belong to several slices are not reported: this is only a warning.
    """

    element: str
    profile: str
    slices: tuple[Slice, ...]
    rules: str = "open"
    ordered: bool = False
    default: Slice | None = None
    errors_only: bool = False

    def check(self, values: "list[ElementValue]", context: ValidationContext) -> Findings:
        members: dict[str, list[ElementValue]] = {}
        found: list[Finding] | None = None
        is_undecided = False
        last = -1
        for element_value in values:
            place, undecided = self._place(element_value, context)
            if undecided is not None:
                found = joined(found, [undecided])
                is_undecided = True
                continue
            if (more := self._order(element_value, place, last)) is not None:
                found = joined(found, more)
            if place is not None:
                if (
                    not self.errors_only
                    and (other := self._ambiguity(element_value, place, context)) is not None
                ):
                    found = joined(found, [other])
                last = max(last, place)
                members.setdefault(self.slices[place].name, []).append(element_value)
            elif self.default is not None:
                members.setdefault(DEFAULT, []).append(element_value)
            elif self.rules == "closed":
                found = joined(found, [self._none(element_value)])
            else:
                last = len(self.slices) if self.rules == "openAtEnd" else last
        for slice in self.slices if self.default is None else (*self.slices, self.default):
            inside = members.get(slice.name, [])
            if (inside or (slice.is_needed and not is_undecided)) and (
                more := slice.check(self.element, inside, context)
            ) is not None:
                found = joined(found, more)
        return found

    def _place(
        self, element_value: "ElementValue", context: ValidationContext
    ) -> tuple[int | None, Finding | None]:
        """The index of the slice that a value belongs to, or a finding if that cannot be decided."""
        undecided: Slice | None = None
        for place, slice in enumerate(self.slices):
            belongs = slice.matches(element_value, context)
            if belongs:
                return place, None
            if belongs is None:
                undecided = undecided or slice
        if undecided is None:
            return None, None
        text = messages.SLICE_UNDECIDED(slice=undecided.name)
        return None, Finding("not-supported", text, element_value.where, severity="warning")

    def _ambiguity(
        self, element_value: "ElementValue", place: int, context: ValidationContext
    ) -> Finding | None:
        """The finding for a value that also belongs to a later slice."""
        for other in self.slices[place + 1 :]:
            if other.matches(element_value, context):
                text = messages.SLICE_AMBIGUOUS(slice=self.slices[place].name, other=other.name)
                return Finding("invalid", text, element_value.where, "slice", "warning")
        return None

    def _order(self, element_value: "ElementValue", place: int | None, last: int) -> Findings:
        """The finding for a value that comes after values of later slices."""
        if place is None or place >= last:
            return None
        if last == len(self.slices):
            text = messages.SLICE_OPEN_AT_END(slices=quoted_list(slice.name for slice in self.slices))
        elif self.ordered:
            text = messages.SLICE_ORDER(slice=self.slices[place].name, before=self.slices[last].name)
        else:
            return None
        return [Finding("structure", text, element_value.where)]

    def _none(self, element_value: "ElementValue") -> Finding:
        names = quoted_list(slice.name for slice in self.slices)
        text = messages.SLICE_NONE(profile=self.profile, slices=names)
        return Finding("structure", text, element_value.where)
