"""The elements of a snapshot as a tree, in which each element holds its children and its slices.

https://hl7.org/fhir/R4/elementdefinition.html#id
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from fhir_server.definitions.snapshot.snapshot import ElementDefinition

_PLACE = ("id", "path", "sliceName")


@dataclass(slots=True, eq=False)
class Node:
    """One element while a snapshot is generated. `facts` is its definition without id, path and slice name;
    it is replaced, never mutated. `children` is None as long as its type or contentReference is not unfolded.

    `is_closed`: the base does not allow new slices. `original_types`: the types of a choice before it was
    narrowed to those named by paths such as `valueQuantity`. `is_new`: the differential defines this slice.
    `is_stated`: the differential has an element for this one.
    """

    name: str
    facts: ElementDefinition
    slice_name: str | None = None
    children: list["Node"] | None = None
    slices: list["Node"] = field(default_factory=list)
    is_closed: bool = False
    original_types: list[dict[str, Any]] | None = None
    is_new: bool = False
    is_stated: bool = False
    _by_name: dict[str, "Node"] = field(default_factory=dict)

    def copy(self) -> "Node":
        """A deep copy of the tree."""
        made = self.copy_without_slices(self.slice_name)
        for slice in self.slices:
            made.add_slice(slice.copy())
        made.is_closed = self.is_closed
        return made

    def copy_without_slices(self, slice_name: str | None) -> "Node":
        """A copy of the element and its children as a slice with this name, without its slices."""
        children = None if self.children is None else [child.copy() for child in self.children]
        return Node(self.name, self.facts, slice_name, children)

    def add_slice(self, slice: "Node") -> None:
        """Add a slice; one named `a/b` is added to the slice `a`, if that exists."""
        name = slice.slice_name or ""
        all_codes = self._by_name.get(name.rpartition("/")[0]) if "/" in name else None
        if all_codes is None:
            self.slices.append(slice)
        else:
            all_codes.slices.append(slice)
            all_codes._by_name[name] = slice
        self._by_name[name] = slice
        self._by_name.update(slice._by_name)

    @property
    def is_choice(self) -> bool:
        return self.name.endswith("[x]")

    @property
    def type_codes(self) -> tuple[str, ...]:
        return tuple(type["code"] for type in self.facts.get("type", ()))

    def canonicals(self, name: str) -> list[str]:
        """The canonicals of its types' `profile` or `targetProfile`."""
        return [url for type in self.facts.get("type", ()) for url in type.get(name, ())]

    def size(self) -> int:
        """The number of elements in the tree, itself included."""
        inside: tuple[Node, ...] = (*(self.children or ()), *self.slices)
        return 1 + sum(node.size() for node in inside)

    def all_slices(self) -> Iterator["Node"]:
        """Its slices and their slices, each before its own."""
        for slice in self.slices:
            yield slice
            yield from slice.all_slices()

    def find_slice(self, name: str) -> "Node | None":
        return self._by_name.get(name)


def flatten(node: Node, path: str = "", id: str = "") -> Iterator[ElementDefinition]:
    """The elements of the tree in snapshot order: element, children, slices, each with its id and path."""
    path = f"{path}.{node.name}" if path else node.name
    own = f"{id}.{node.name}" if id else node.name
    yield from _branch(node, path, own)


def _branch(node: Node, path: str, stem: str) -> Iterator[ElementDefinition]:
    if node.slice_name is None:
        id = stem
        yield {"id": id, "path": path, **node.facts}
    else:
        id = f"{stem}:{node.slice_name}"
        yield {"id": id, "path": path, "sliceName": node.slice_name, **node.facts}
    for child in node.children or ():
        yield from flatten(child, path, id)
    for slice in node.slices:
        yield from _branch(slice, path, stem)


def build_tree(elements: Iterable[ElementDefinition]) -> Node:
    """Build the tree of a snapshot's elements from their order, paths and slice names."""
    rows = iter(elements)
    first = next(rows)
    root = Node(first["path"], _facts(first))
    open_nodes = [root]
    for element in rows:
        segments = element["path"].split(".")
        del open_nodes[len(segments) - 1 :]
        parent = open_nodes[-1]
        if parent.children is None:
            parent.children = []
        open_nodes.append(_add_child(parent.children, segments[-1], element))
    return root


def _add_child(siblings: list[Node], name: str, element: ElementDefinition) -> Node:
    """Add the node for an element to its siblings; a slice is added to the element that it slices."""
    slice_name = element.get("sliceName")
    node = Node(name, _facts(element), slice_name, is_closed=_is_closed(element))
    sliced = _find_sliced(siblings, name) if slice_name else None
    if sliced is None:
        node.slice_name = None
        siblings.append(node)
        return node
    node.name = sliced.name
    sliced.add_slice(node)
    return node


def _find_sliced(siblings: list[Node], name: str) -> Node | None:
    """The last sibling with this name, or the choice for a name like `valueQuantity`; else None."""
    for node in reversed(siblings):
        if node.name == name or (node.is_choice and name.startswith(node.name[:-3])):
            return node
    return None


def _is_closed(element: ElementDefinition) -> bool:
    return bool(element.get("slicing", {}).get("rules") == "closed")


def _facts(element: ElementDefinition) -> ElementDefinition:
    return {name: value for name, value in element.items() if name not in _PLACE}
