"""Where a line of a differential stands: the elements and slices on the way from the root.

The id says it exactly. Without a usable id, a path stands inside the slice that the lines before it were in.
https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from dataclasses import dataclass

from fhir_server.definitions.snapshot.snapshot import ElementDefinition


@dataclass(frozen=True, slots=True)
class Step:
    """One part of a path, with the slice that is meant."""

    name: str
    slice_name: str | None = None

    def __str__(self) -> str:
        return self.name if self.slice_name is None else f"{self.name}:{self.slice_name}"


Place = tuple[Step, ...]

PARTS_MAX = 40
"""Parts of a path, and of the name of a slice of slices."""


def is_too_deep(place: Place) -> bool:
    """Whether a place lies deeper than any real one."""
    return len(place) > PARTS_MAX or any((step.slice_name or "").count("/") >= PARTS_MAX for step in place)


def place_of(element: ElementDefinition, previous: Place) -> Place:
    """The place of an element, given that of the line before it."""
    names = element["path"].split(".")
    steps = _by_id(element, names) or _by_context(names, previous)
    last = steps[-1]
    return (*steps[:-1], Step(last.name, element.get("sliceName") or last.slice_name))


def _by_id(element: ElementDefinition, names: list[str]) -> Place | None:
    """What the id says, if its parts are those of the path."""
    parts = element.get("id", "").split(".")
    if len(parts) != len(names):
        return None
    steps = []
    for part, name in zip(parts, names, strict=True):
        own, _, slice_name = part.partition(":")
        if own != name and not (own.endswith("[x]") and name.startswith(own[:-3])):
            return None
        steps.append(Step(own, slice_name or None))
    return tuple(steps)


def _by_context(names: list[str], previous: Place) -> Place:
    """The path, inside the slices of the line before as far as both go the same way."""
    steps: list[Step] = []
    same = True
    for index, name in enumerate(names):
        same = same and index < len(previous) and previous[index].name == name
        is_last = index == len(names) - 1
        steps.append(previous[index] if same and not is_last else Step(name))
    return tuple(steps)
