"""Where a record's field stands in a resource: a path that can be written as well as read.

`name[official].given[0]` walks members and list items. An item is chosen by its place, by one member
(`item[linkId=motif]`), or by what it patterns like, under a name (`[official]`): it is made so when it is
missing. `item[+]` is one more item at the end, which can only be written.
https://hl7.org/fhir/R4/elementdefinition.html
"""

import re
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

Fragment = Any
Patterns = Mapping[str, Mapping[str, Any]]
"""What the items pattern like that paths choose by a name."""

_STEP = re.compile(r"(\w+)(?:\[([^\]]+)\])?(?:\.|$)")


@dataclass(frozen=True, slots=True)
class Step:
    """One member; of a list, the item at `place`, or the one that patterns like `pattern`, or a new one."""

    member: str
    place: int | None = None
    pattern: Mapping[str, Any] | None = None
    new: bool = False

    @property
    def chooses(self) -> bool:
        return self.place is not None or self.pattern is not None or self.new


@dataclass(frozen=True, slots=True)
class Path:
    """A way into resources of one type."""

    type: str
    steps: tuple[Step, ...]

    def read(self, resource: Fragment) -> Fragment | None:
        """What stands there; None when nothing does."""
        node = resource
        for step in self.steps:
            node = _below(node, step)
            if node is None:
                return None
        return node

    def located(self, resource: Fragment) -> str | None:
        """Where it leads in this resource, with the places of list items, such as `name[1].given[0]`; None
        where nothing stands."""
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
        """Put `fragment` there, beside what stands there already."""
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
    """The path that `text`, such as `Patient.name[official].family`, describes.

    Raises ValueError for a text that is no path, and KeyError for a name that `patterns` does not have.
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
    """Whether an item has all that `pattern` has; displays and texts tell nothing."""
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
    """The object one step below, made where it is missing."""
    if not step.chooses:
        below: dict[str, Any] = node.setdefault(step.member, {})
        return below
    found = _below(node, step)
    if found is None:
        found = deepcopy(dict(step.pattern)) if step.pattern else {}
        node.setdefault(step.member, []).append(found)
    made: dict[str, Any] = found
    return made
