"""Paths of record fields in resources, which can be read and written.

`name[official].given[0]` selects members and list items. A list item is selected by its index, by one
member (`item[linkId=motif]`), or by a named pattern (`[official]`); if it is missing, writing creates it with
the pattern. `item[+]` appends an item, and can only be written.
https://hl7.org/fhir/R4/elementdefinition.html
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Fragment = Any
Patterns = Mapping[str, Mapping[str, Any]]
"""The patterns of list items, by the names that paths use."""

_STEP = re.compile(r"(\w+)(?:\[([^\]]+)\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    """One member. Of a list, the item at index `place`, the one that matches `pattern`, or a new one."""

    member: str
    place: int | None = None
    pattern: Mapping[str, Any] | None = None
    new: bool = False

    @property
    def chooses(self) -> bool:
        return self.place is not None or self.pattern is not None or self.new


@dataclass(frozen=True, slots=True)
class Path:
    """A path into resources of one type."""

    type: str
    steps: tuple[Step, ...]

    def read(self, resource: Fragment) -> Fragment | None:
        """The element at the path; None where it is absent."""
        node = resource
        for step in self.steps:
            node = _below(node, step)
            if node is None:
                return None
        return node

    def located(self, resource: Fragment) -> str | None:
        """The FHIRPath location in this resource, such as `name[1].given[0]`; None where it is absent."""
        node, places = resource, []
        for step in self.steps:
            below = _below(node, step)
            if below is None:
                return None
            place = f"[{_index(node[step.member], below)}]" if step.chooses else ""
            places.append(step.member + place)
            node = below
        return ".".join(places)

    def write(self, resource: dict[str, Any], fragment: Fragment) -> None:
        """Write `fragment` at the path, keeping other content there."""
        node = resource
        for step in self.steps[:-1]:
            node = _object_below(node, step)
        last = self.steps[-1]
        if not last.chooses:
            node[last.member] = fragment
        elif isinstance(fragment, dict):
            _object_below(node, last).update(fragment)
        else:
            node.setdefault(last.member, []).append(fragment)


def path(text: str, patterns: Patterns) -> Path:
    """Parse a path such as `Patient.name[official].family`.

    Raises `ValueError` for an invalid path, and `KeyError` for a pattern name that `patterns` lacks.
    """
    type, _, rest = text.partition(".")
    steps, end = [], 0
    while found := _STEP.match(rest, end):
        steps.append(_step(found[1], found[2], patterns))
        end = found.end()
    if end != len(rest) or not steps:
        raise ValueError(f"{text} is no path")
    return Path(type, tuple(steps))


def matches_pattern(item: Fragment, pattern: Fragment) -> bool:
    """Whether an item contains everything in `pattern`, ignoring its displays and texts."""
    if isinstance(pattern, Mapping):
        told = ((name, value) for name, value in pattern.items() if name not in ("display", "text"))
        return isinstance(item, Mapping) and all(
            matches_pattern(item.get(name), value) for name, value in told
        )
    if isinstance(pattern, list):
        return isinstance(item, list) and all(
            any(matches_pattern(member, wanted) for member in item) for wanted in pattern
        )
    return bool(item == pattern)


def _step(member: str, selector: str | None, patterns: Patterns) -> Step:
    if selector is None:
        return Step(member)
    if selector == "+":
        return Step(member, new=True)
    if selector.isdigit():
        return Step(member, place=int(selector))
    name, equals, value = selector.partition("=")
    return Step(member, pattern={name: value} if equals else patterns[selector])


def _below(node: Fragment, step: Step) -> Fragment | None:
    found = node.get(step.member) if isinstance(node, dict) else None
    if found is None or not step.chooses:
        return found
    if step.new:
        return None
    if step.place is not None:
        return found[step.place] if len(found) > step.place else None
    return next((item for item in found if matches_pattern(item, step.pattern)), None)


def _index(items: list[Fragment], item: Fragment) -> int:
    return next(index for index, candidate in enumerate(items) if candidate is item)


def _object_below(node: dict[str, Any], step: Step) -> dict[str, Any]:
    """The object one step below, created where it is missing."""
    if not step.chooses:
        below: dict[str, Any] = node.setdefault(step.member, {})
        return below
    found = _below(node, step)
    if found is None:
        found = deepcopy(dict(step.pattern)) if step.pattern else {}
        node.setdefault(step.member, []).append(found)
    made: dict[str, Any] = found
    return made
