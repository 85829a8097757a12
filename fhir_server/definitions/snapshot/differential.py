"""A differential, applied line by line to the tree of its base.

https://hl7.org/fhir/R4/profiling.html#differential
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from fhir_server.definitions.snapshot import messages, slices
from fhir_server.definitions.snapshot.element_format import faults
from fhir_server.definitions.snapshot.element_paths import PARTS_MAX, Place, Step, is_too_deep, place_of
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
"""What is stated of all repetitions together, and not of each slice."""


class _Misplaced(Exception):
    """A line of which nobody can tell where it stands."""

    def __init__(self, text: Text, field: str = ".path", code: IssueType = "invalid") -> None:
        super().__init__()
        self.text = text
        self.field = field
        self.code = code


@dataclass(slots=True)
class _Found:
    """Where a line stands: its node, those inside slices to which a line about no slice applies too, and,
    for the line of a slice, the node that it slices.
    """

    node: Node
    alike: list[Node] = field(default_factory=list)
    sliced: Node | None = None


def _placed(found: Node | Text, field: str = ".path") -> Node:
    if isinstance(found, Text):
        raise _Misplaced(found, field)
    return found


class Differential:
    """Applies the lines of one differential; `issues` are what is wrong with them."""

    def __init__(self, root: Node, narrowing: Narrowing, unfolding: Unfolding) -> None:
        self._root = root
        self._narrowing = narrowing
        self._unfolding = unfolding
        self._seen: dict[str, int] = {}
        self._here: Place = ()
        self._budget = ELEMENTS_MAX
        self.issues: list[Issue] = []

    def apply(self, elements: Iterable[ElementDefinition]) -> None:
        """Take over every line that can be; the others leave an issue."""
        for index, element in enumerate(elements):
            wrong = [*faults(element)]
            for place, expected in wrong:
                self._complain(index, place, messages.WRONG_SHAPE(expected=expected()), "structure")
            if not wrong:
                self._apply(index, element)
            if self._budget < 0:
                self._complain(index, "", messages.TOO_LARGE(limit=ELEMENTS_MAX), "too-costly")
            if self._budget < 0 or len(self.issues) >= ISSUES_MAX:
                return

    def _apply(self, index: int, element: ElementDefinition) -> None:
        try:
            place = place_of(element, self._here)
            self._check_place(index, place)
            found = self._walk(place, element)
        except _Misplaced as error:
            self._complain(index, error.field, error.text, error.code)
            return
        self._here = place
        node = found.node
        if node.defined and not node.stated and element.get("mustSupport") is False:
            # what must be supported is the element; of its kinds, it need not be all
            node.facts = {**node.facts, "mustSupport": False}
        node.stated = True
        node.facts, problems = self._narrowing.narrow(node.facts, element)
        for within, text in problems:
            self._complain(index, within, text)
        if node.name in slices.EXTENSIONS and "type" in element:
            self._limit_extension(node, element)
        for other in found.alike:
            self._narrow_too(other, element, node)
        self._check_sum(index, found)

    def _narrow_too(self, other: Node, element: ElementDefinition, node: Node) -> None:
        """Hold slices to what is stated of all; where one cannot follow, it keeps its own word."""
        is_slice = other.name == node.name and other.slice_name != node.slice_name
        stated = {name: value for name, value in element.items() if not is_slice or name not in _OF_THE_LIST}
        other.facts, _ = self._narrowing.narrow(other.facts, stated)

    def _limit_extension(self, node: Node, element: ElementDefinition) -> None:
        """An extension occurs as often as its own definition lets it, unless the line says how often."""
        if "max" in element or node.facts["max"] != "*":
            return
        try:
            profile = self._unfolding.profile(node)
        except SnapshotError:
            return  # said when a resource uses the extension
        if profile is not None:
            node.facts = {**node.facts, "max": profile.root["max"]}

    def _check_sum(self, index: int, found: _Found) -> None:
        """Whether there is room for all repetitions that the slices need."""
        sliced = found.sliced or found.node
        limit = sliced.facts.get("max", "*")
        if limit == "*":
            return
        needed = sum(slice.facts.get("min", 0) for slice in sliced.slices)
        if needed > int(limit):
            field = ".max" if found.sliced is None else ".min"
            self._complain(index, field, messages.SLICES_ABOVE_MAX(min=needed, max=limit))

    def _check_place(self, index: int, place: Place) -> None:
        if is_too_deep(place):
            raise _Misplaced(messages.TOO_DEEP(limit=PARTS_MAX))
        if place[0].name != self._root.name:
            raise _Misplaced(messages.OTHER_ROOT(found=place[0].name, root=self._root.name))
        id = ".".join(map(str, place))
        first = self._seen.setdefault(id, index)
        if first != index:
            raise _Misplaced(messages.DUPLICATE(id=id, first=first), "")

    def _walk(self, place: Place, element: ElementDefinition) -> _Found:
        found, way = _Found(self._root), self._root.name
        for position, step in enumerate(place[1:], start=1):
            alike = [child for slice in found.alike for child in self._children_named(slice, step.name)]
            found = _Found(self._child(found.node, step.name, way), alike)
            way = f"{way}.{step}"
            if step.slice_name is not None and found.node.slice_name != step.slice_name:
                line = element if position == len(place) - 1 else None
                alike = [slice for node in alike if (slice := node.find_slice(step.slice_name))]
                found = _Found(self._slice(found.node, step, line), alike, found.node)
            found.alike.extend(found.node.all_slices())
        return found

    def _children_named(self, node: Node, name: str) -> Iterator[Node]:
        """What a slice has under a name, where that can be known."""
        try:
            self._unfold(node)
        except SnapshotError:
            return
        yield from (child for child in node.children or () if child.name == name)

    def _child(self, node: Node, name: str, way: str) -> Node:
        """The child of this name; for `valueQuantity` the slice of the choice that it stands for."""
        try:
            unfolded = self._unfold(node)
        except SnapshotError as error:
            url, *_ = node.canonicals("profile")
            reason = messages.FAULTY_TYPE_PROFILE(url=url, reason=error.issues[0].text)
            raise _Misplaced(reason, code="incomplete") from error
        for child in node.children or ():
            if child.name == name:
                return child
        for child in node.children or ():
            if child.is_choice and slices.is_short_for(child, name):
                return _placed(slices.of_type(child, name))
        if not unfolded or len(set(node.type_codes)) > 1:
            types = ", ".join(map(fhir_code, node.facts.get("type", ()))) or "?"
            raise _Misplaced(messages.CANNOT_WALK(parent=way, types=types))
        raise _Misplaced(messages.UNKNOWN_PATH(name=name, parent=way))

    def _unfold(self, node: Node) -> bool:
        if node.children:
            return True
        unfolded = self._unfolding.unfold(node)
        self._budget -= node.size()
        return unfolded

    def _slice(self, node: Node, step: Step, element: ElementDefinition | None) -> Node:
        """The slice that the step names, defined here if the line is the one that may do so."""
        name = step.slice_name or ""
        found = node.find_slice(name)
        if found is not None:
            return found
        if element is None and not node.is_choice:
            raise _Misplaced(messages.UNKNOWN_SLICE(element=node.name, slice=name))
        if element is not None and element.get("sliceIsConstraining"):
            raise _Misplaced(messages.NOT_CONSTRAINING(slice=name), ".sliceIsConstraining")
        made = slices.of_type(node, name) if element is None else slices.define(node, name)
        slice = _placed(made, ".sliceName")
        self._budget -= slice.size()
        return slice

    def _complain(self, index: int, field: str, text: Text, code: IssueType = "invalid") -> None:
        place = f"StructureDefinition.differential.element[{index}]{field}"
        self.issues.append(Issue("error", code, text, (place,)))
