"""The path of a differential's element: the elements and slices from the root.

The id gives it exactly. Without a usable id, a path is inside the same slice as the elements before it.
https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from dataclasses import dataclass

from fhir_server.definitions.snapshot.snapshot import ElementDefinition


@dataclass(frozen=True, slots=True)
class PathStep:
    """One part of a path, with the name of the slice."""

    name: str
    slice_name: str | None = None

    def __str__(self) -> str:
        return self.name if self.slice_name is None else f"{self.name}:{self.slice_name}"


ElementPath = tuple[PathStep, ...]

PARTS_MAX = 40
"""Maximum parts of a path, and of the name of a re-sliced slice."""


def is_too_deep(place: ElementPath) -> bool:
    """Whether a path is deeper than any real one."""
    return len(place) > PARTS_MAX or any((step.slice_name or "").count("/") >= PARTS_MAX for step in place)


def path_of(element: ElementDefinition, previous: ElementPath) -> ElementPath:
    """The path of an element, given that of the element before it in the differential."""
    names = element["path"].split(".")
    steps = _by_id(element, names) or _by_context(names, previous)
    last = steps[-1]
    return (*steps[:-1], PathStep(last.name, element.get("sliceName") or last.slice_name))


def _by_id(element: ElementDefinition, names: list[str]) -> ElementPath | None:
    """The path by the id, if its parts agree with ElementDefinition.path; else None."""
    parts = element.get("id", "").split(".")
    if len(parts) != len(names):
        return None
    steps = []
    for part, name in zip(parts, names, strict=True):
        own, _, slice_name = part.partition(":")
        if own != name and not (own.endswith("[x]") and name.startswith(own[:-3])):
            return None
        steps.append(PathStep(own, slice_name or None))
    return tuple(steps)


def _by_context(names: list[str], previous: ElementPath) -> ElementPath:
    """The path inside the slices of the previous element, as far as both paths are the same."""
    steps: list[PathStep] = []
    same = True
    for index, name in enumerate(names):
        same = same and index < len(previous) and previous[index].name == name
        is_last = index == len(names) - 1
        steps.append(previous[index] if same and not is_last else PathStep(name))
    return tuple(steps)
