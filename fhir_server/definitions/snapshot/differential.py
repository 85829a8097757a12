"""A differential, applied line by line to the tree of its base.

https://hl7.org/fhir/R4/profiling.html#differential
"""

from collections.abc import Iterable, Iterator

from fhir_server.definitions.snapshot import messages, slices
from fhir_server.definitions.snapshot.narrowing import Narrowing
from fhir_server.definitions.snapshot.place import Place, Step, place_of
from fhir_server.definitions.snapshot.shape import faults
from fhir_server.definitions.snapshot.snapshot import ElementDefinition
from fhir_server.definitions.snapshot.tree import Node
from fhir_server.definitions.snapshot.unfolding import Unfolding
from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, Text

ELEMENTS_MAX = 20_000
PARTS_MAX = 40
_OF_THE_LIST = ("min", "max", "slicing")
"""What is said of all repetitions together, and not of each slice."""


class _Misplaced(Exception):
    """A line that stands nowhere."""

    def __init__(self, text: Text, field: str = ".path") -> None:
        super().__init__()
        self.text = text
        self.field = field


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
            for field, expected in wrong:
                self._complain(index, field, messages.WRONG_SHAPE(expected=expected()), "structure")
            if not wrong:
                self._apply(index, element)
            if self._budget < 0:
                self._complain(index, "", messages.TOO_LARGE(limit=ELEMENTS_MAX), "too-costly")
                return

    def _apply(self, index: int, element: ElementDefinition) -> None:
        try:
            place = place_of(element, self._here)
            self._check_place(index, place)
            node, alike = self._walk(place, element)
        except _Misplaced as error:
            self._complain(index, error.field, error.text)
            return
        self._here = place
        node.facts, problems = self._narrowing.narrow(node.facts, element)
        for field, text in problems:
            self._complain(index, field, text)
        for other in alike:
            self._narrow_too(other, element, node)

    def _narrow_too(self, other: Node, element: ElementDefinition, node: Node) -> None:
        """Hold slices to what is stated of all; where one cannot follow, it keeps its own word."""
        is_slice = other.name == node.name and other.slice_name != node.slice_name
        stated = {name: value for name, value in element.items() if not is_slice or name not in _OF_THE_LIST}
        other.facts, _ = self._narrowing.narrow(other.facts, stated)

    def _check_place(self, index: int, place: Place) -> None:
        if len(place) > PARTS_MAX:
            raise _Misplaced(messages.TOO_DEEP(limit=PARTS_MAX))
        if place[0].name != self._root.name:
            raise _Misplaced(messages.OTHER_ROOT(found=place[0].name, root=self._root.name))
        id = ".".join(map(str, place))
        first = self._seen.setdefault(id, index)
        if first != index:
            raise _Misplaced(messages.DUPLICATE(id=id, first=first), "")

    def _walk(self, place: Place, element: ElementDefinition) -> tuple[Node, list[Node]]:
        """The node at a place, and those inside slices that a line about no slice is about as well."""
        node, way = self._root, self._root.name
        alike: list[Node] = []
        for position, step in enumerate(place[1:], start=1):
            is_last = position == len(place) - 1
            alike = [child for one in alike for child in self._children_named(one, step.name)]
            node = self._child(node, step.name, way)
            way = f"{way}.{step}"
            if step.slice_name is not None and node.slice_name != step.slice_name:
                node = self._slice(node, step, element if is_last else None)
                alike = []
            elif node.slice_name is None:
                alike += node.all_slices()
        return node, alike

    def _children_named(self, node: Node, name: str) -> Iterator[Node]:
        if self._unfold(node):
            yield from (child for child in node.children or () if child.name == name)

    def _child(self, node: Node, name: str, way: str) -> Node:
        """The child of this name; for `valueQuantity` the slice of the choice that it stands for."""
        try:
            unfolded = self._unfold(node)
        except SnapshotError as error:
            url = next(url for type in node.facts["type"] for url in type.get("profile", ()))
            raise _Misplaced(messages.FAULTY_TYPE_PROFILE(url=url, reason=error.issues[0].text)) from error
        children = node.children or []
        for child in children:
            if child.name == name:
                return child
        for child in children:
            if (
                child.is_choice
                and name.startswith(child.name[:-3])
                and name[len(child.name) - 3 :][:1].isupper()
            ):
                found = slices.of_type(child, name)
                if isinstance(found, Text):
                    raise _Misplaced(found)
                return found
        if not unfolded or len(set(node.type_codes)) > 1:
            raise _Misplaced(messages.CANNOT_WALK(parent=way, types=", ".join(node.type_codes) or "?"))
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
        if element is None:
            if not node.is_choice:
                raise _Misplaced(messages.UNKNOWN_SLICE(element=node.name, slice=name))
            made = slices.of_type(node, name)
        elif element.get("sliceIsConstraining"):
            raise _Misplaced(messages.NOT_CONSTRAINING(slice=name), ".sliceIsConstraining")
        else:
            made = slices.define(node, name)
        if isinstance(made, Text):
            raise _Misplaced(made, ".sliceName")
        self._budget -= made.size()
        return made

    def _complain(self, index: int, field: str, text: Text, code: str = "invalid") -> None:
        place = f"StructureDefinition.differential.element[{index}]{field}"
        self.issues.append(Issue("error", code, text, (place,)))
