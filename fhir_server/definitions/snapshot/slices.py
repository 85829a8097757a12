"""Slices: found, defined, and those that `valueQuantity` stands for.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from typing import Any

from fhir_server.definitions.elements import type_suffix
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.tree import Node
from fhir_server.definitions.snapshot.type_hierarchy import fhir_code
from fhir_server.issues import Text

EXTENSIONS = ("extension", "modifierExtension")


def by_url() -> dict[str, Any]:
    """How extensions are always sliced."""
    return {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}


def by_type(rules: str) -> dict[str, Any]:
    """How a choice is sliced when nothing else is said."""
    return {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": rules}


def define(node: Node, name: str) -> Node | Text:
    """A new slice of an element, or of its slice `a` if the name is `a/b`; or why there can be none.

    What the repetitions need together, no single slice needs. A slice of a choice that bears the name of one
    of its types is of that type.
    """
    all_codes = node.find_slice(name.rpartition("/")[0]) if "/" in name else None
    sliced = all_codes or node
    if problem := _sliced(sliced, name):
        return problem
    slice = sliced.unsliced(name)
    facts = {key: value for key, value in sliced.facts.items() if key != "slicing"}
    slice.facts = {**facts, "min": 0}
    slice.defined = True
    if node.is_choice and (
        types := [type for type in facts.get("type", ()) if json_name(node, type) == name]
    ):
        slice.facts["type"] = types
    node.add_slice(slice)
    return slice


def _sliced(node: Node, name: str) -> Text | None:
    """See to it that the element is sliced; or why it cannot get this slice."""
    slicing = node.facts.get("slicing")
    if slicing is None:
        if node.name in EXTENSIONS:
            slicing = by_url()
        elif node.is_choice:
            slicing = by_type("open")
        elif node.slice_name is None:
            return messages.NO_SLICING(element=node.name, slice=name)
        else:
            slicing = {"rules": "open"}
        node.facts = {**node.facts, "slicing": slicing}
    if slicing.get("rules") == "closed" and node.closed:
        return messages.CLOSED(element=node.name, slice=name)
    return None


def of_type(node: Node, name: str) -> Node | Text:
    """The slice of the choice `value[x]` that `valueQuantity` stands for, defined if need be.

    Where nothing else is said of the choice, to name types in this way means that no other is allowed.
    """
    known = node.find_slice(name) or next(
        (
            slice
            for slice in node.slices
            if [json_name(node, type) for type in slice.facts.get("type", ())] == [name]
        ),
        None,
    )
    if known is not None:
        return known
    offered = node.facts.get("type", []) if node.offered is None else node.offered
    types = [type for type in offered if json_name(node, type) == name]
    if not types:
        return messages.CHOICE_TYPE(name=name, element=node.name, types=", ".join(map(fhir_code, offered)))
    _narrow_to(node, types, offered)
    return define(node, name)


def _narrow_to(node: Node, types: list[dict[str, Any]], offered: list[dict[str, Any]]) -> None:
    """Leave a choice that has no line and no slices of its own only the types that short paths name."""
    if node.stated or (node.offered is None and "slicing" in node.facts):
        return
    before = [] if node.offered is None else node.facts["type"]
    node.offered = offered
    node.facts = {**node.facts, "slicing": by_type("closed"), "type": [*before, *types]}


def is_short_for(node: Node, name: str) -> bool:
    """Whether `valueQuantity` is the choice `value[x]` with one of its types."""
    return type_suffix(name, node.name.removesuffix("[x]")) != ""


def json_name(node: Node, type: dict[str, Any]) -> str:
    """The property under which JSON writes a choice of this type."""
    code = fhir_code(type)
    return node.name.removesuffix("[x]") + code[:1].upper() + code[1:]
