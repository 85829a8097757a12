"""Applies a differential, element by element, to the tree of its base.

https://hl7.org/fhir/R4/profiling.html#differential
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fhir_server.definitions.snapshot import messages, slices
from fhir_server.definitions.snapshot.element_format import format_errors
from fhir_server.definitions.snapshot.element_paths import (
    PARTS_MAX,
    ElementPath,
    PathStep,
    is_too_deep,
    path_of,
)
from fhir_server.definitions.snapshot.narrowing import Narrowing
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.tree import Node
from fhir_server.definitions.snapshot.type_hierarchy import fhir_code
from fhir_server.definitions.snapshot.unfolding import Unfolding
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, IssueType, Text

ELEMENTS_MAX = 8_000
ISSUES_MAX = 100
_OF_THE_LIST = ("min", "max", "slicing")
"""Properties that apply to all repetitions of an element together, not to each slice."""


class _UnknownPath(Exception):
    """The path of a differential's element is not found."""

    def __init__(self, text: Text, field: str = ".path", code: IssueType = "invalid") -> None:
        super().__init__()
        self.text = text
        self.field = field
        self.code = code


@dataclass(slots=True)
class _Target:
    """The nodes that an element of the differential constrains.

    `node` is its own, `alike` are those in slices to which an element without a slice name also applies.
    `sliced` is the node that a slice belongs to.
    """

    node: Node
    alike: list[Node] = field(default_factory=list)
    sliced: Node | None = None


def _require_node(found: Node | Text, field: str = ".path") -> Node:
    if isinstance(found, Text):
        raise _UnknownPath(found, field)
    return found


class Differential:
    """Applies the elements of one differential, and collects the issues of faulty ones."""

    def __init__(self, root: Node, narrowing: Narrowing, unfolding: Unfolding) -> None:
        self._root = root
        self._narrowing = narrowing
        self._unfolding = unfolding
        self._seen: dict[str, int] = {}
        self._previous_path: ElementPath = ()
        self._budget = ELEMENTS_MAX
        self.issues: list[Issue] = []

    def apply(self, elements: Iterable[ElementDefinition]) -> None:
        """Apply all valid elements; each faulty one adds an issue."""
        for index, element in enumerate(elements):
            wrong = [*format_errors(element)]
            for path, expected in wrong:
                self._add_issue(index, path, messages.WRONG_SHAPE(expected=expected()), "structure")
            if not wrong:
                self._apply(index, element)
            if self._budget < 0:
                self._add_issue(index, "", messages.TOO_LARGE(limit=ELEMENTS_MAX), "too-costly")
            if self._budget < 0 or len(self.issues) >= ISSUES_MAX:
                return

    def _apply(self, index: int, element: ElementDefinition) -> None:
        try:
            path = path_of(element, self._previous_path)
            self._check_path(index, path)
            found = self._find(path, element)
        except _UnknownPath as error:
            self._add_issue(index, error.field, error.text, error.code)
            return
        self._previous_path = path
        node = found.node
        if node.is_new and not node.is_stated and element.get("mustSupport") is False:
            # the element must be supported, but not each of its slices
            node.facts = {**node.facts, "mustSupport": False}
        node.is_stated = True
        node.facts, problems = self._narrowing.narrow(node.facts, element)
        for within, text in problems:
            self._add_issue(index, within, text)
        if node.name in slices.EXTENSIONS and "type" in element:
            self._limit_extension(node, element)
        for other in found.alike:
            self._narrow_slice(other, element, node)
        self._check_slice_minimums(index, found)

    def _narrow_slice(self, other: Node, element: ElementDefinition, node: Node) -> None:
        """Apply an element's constraints to its slices too; conflicting ones are ignored."""
        is_slice = other.name == node.name and other.slice_name != node.slice_name
        stated = {name: value for name, value in element.items() if not is_slice or name not in _OF_THE_LIST}
        other.facts, _ = self._narrowing.narrow(other.facts, stated)

    def _limit_extension(self, node: Node, element: ElementDefinition) -> None:
        """Take `max` of an extension from its definition, unless the differential states it."""
        if "max" in element or node.facts["max"] != "*":
            return
        try:
            profile = self._unfolding.profile(node)
        except SnapshotError:
            return  # reported when a resource uses the extension
        if profile is not None:
            node.facts = {**node.facts, "max": profile.root["max"]}

    def _check_slice_minimums(self, index: int, found: _Target) -> None:
        """Check that `max` allows the sum of the slices' minimums."""
        sliced = found.sliced or found.node
        limit = sliced.facts.get("max", "*")
        if limit == "*":
            return
        needed = sum(slice.facts.get("min", 0) for slice in sliced.slices)
        if needed > int(limit):
            field = ".max" if found.sliced is None else ".min"
            self._add_issue(index, field, messages.SLICES_ABOVE_MAX(min=needed, max=limit))

    def _check_path(self, index: int, path: ElementPath) -> None:
        if is_too_deep(path):
            raise _UnknownPath(messages.TOO_DEEP(limit=PARTS_MAX))
        if path[0].name != self._root.name:
            raise _UnknownPath(messages.OTHER_ROOT(found=path[0].name, root=self._root.name))
        id = ".".join(map(str, path))
        first = self._seen.setdefault(id, index)
        if first != index:
            raise _UnknownPath(messages.DUPLICATE(id=id, first=first), "")

    def _find(self, path: ElementPath, element: ElementDefinition) -> _Target:
        found, way = _Target(self._root), self._root.name
        for position, step in enumerate(path[1:], start=1):
            alike = [child for slice in found.alike for child in self._children_named(slice, step.name)]
            found = _Target(self._child(found.node, step.name, way), alike)
            way = f"{way}.{step}"
            if step.slice_name is not None and found.node.slice_name != step.slice_name:
                line = element if position == len(path) - 1 else None
                alike = [slice for node in alike if (slice := node.find_slice(step.slice_name))]
                found = _Target(self._slice(found.node, step, line), alike, found.node)
            found.alike.extend(found.node.all_slices())
        return found

    def _children_named(self, node: Node, name: str) -> Iterator[Node]:
        """The children of a slice with a name; none if they are unknown."""
        try:
            self._unfold(node)
        except SnapshotError:
            return
        yield from (child for child in node.children or () if child.name == name)

    def _child(self, node: Node, name: str, way: str) -> Node:
        """The child with this name; for a name like `valueQuantity` the slice of the choice `value[x]`."""
        try:
            unfolded = self._unfold(node)
        except SnapshotError as error:
            url, *_ = node.canonicals("profile")
            reason = messages.FAULTY_TYPE_PROFILE(url=url, reason=error.issues[0].text)
            raise _UnknownPath(reason, code="incomplete") from error
        for child in node.children or ():
            if child.name == name:
                return child
        for child in node.children or ():
            if child.is_choice and slices.is_choice_name(child, name):
                return _require_node(slices.slice_for_type(child, name))
        if not unfolded or len(set(node.type_codes)) > 1:
            types = ", ".join(map(fhir_code, node.facts.get("type", ()))) or "?"
            raise _UnknownPath(messages.CANNOT_WALK(parent=way, types=types))
        raise _UnknownPath(messages.UNKNOWN_PATH(name=name, parent=way))

    def _unfold(self, node: Node) -> bool:
        if node.children:
            return True
        unfolded = self._unfolding.unfold(node)
        self._budget -= node.size()
        return unfolded

    def _slice(self, node: Node, step: PathStep, element: ElementDefinition | None) -> Node:
        """The slice that the step names; it is created if this element of the differential may define it."""
        name = step.slice_name or ""
        found = node.find_slice(name)
        if found is not None:
            return found
        if element is None and not node.is_choice:
            raise _UnknownPath(messages.UNKNOWN_SLICE(element=node.name, slice=name))
        if element is not None and element.get("sliceIsConstraining"):
            raise _UnknownPath(messages.NOT_CONSTRAINING(slice=name), ".sliceIsConstraining")
        made = slices.slice_for_type(node, name) if element is None else slices.define_slice(node, name)
        slice = _require_node(made, ".sliceName")
        self._budget -= slice.size()
        return slice

    def _add_issue(self, index: int, field: str, text: Text, code: IssueType = "invalid") -> None:
        path = f"StructureDefinition.differential.element[{index}]{field}"
        self.issues.append(Issue("error", code, text, (path,)))
