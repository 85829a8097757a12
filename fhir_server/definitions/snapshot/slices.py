"""Slices of elements: defining them, and the implicit ones of names like `valueQuantity`.

https://hl7.org/fhir/R4/profiling.html#slicing
"""

from typing import Any

from fhir_server.definitions.elements import type_suffix
from fhir_server.definitions.snapshot import messages
from fhir_server.definitions.snapshot.tree import Node
from fhir_server.definitions.snapshot.type_hierarchy import fhir_code
from fhir_server.issues import Text

EXTENSIONS = ("extension", "modifierExtension")


def extension_slicing() -> dict[str, Any]:
    """The slicing that all extensions have."""
    return {"discriminator": [{"type": "value", "path": "url"}], "ordered": False, "rules": "open"}


def type_slicing(rules: str) -> dict[str, Any]:
    """The default slicing of a choice element."""
    return {"discriminator": [{"type": "type", "path": "$this"}], "ordered": False, "rules": rules}


def define_slice(node: Node, name: str) -> Node | Text:
    """Add a slice to an element, or to its slice `a` if the name is `a/b`; returns a text if that is not
    allowed.

    The slice's minimum is 0: the element's minimum applies to all repetitions together. A slice of a choice
    that has the JSON name of a type gets that type.
    """
    all_codes = node.find_slice(name.rpartition("/")[0]) if "/" in name else None
    sliced = all_codes or node
    if problem := _sliced(sliced, name):
        return problem
    slice = sliced.copy_without_slices(name)
    facts = {key: value for key, value in sliced.facts.items() if key != "slicing"}
    slice.facts = {**facts, "min": 0}
    slice.is_new = True
    if node.is_choice and (
        types := [type for type in facts.get("type", ()) if json_name(node, type) == name]
    ):
        slice.facts["type"] = types
    node.add_slice(slice)
    return slice


def _sliced(node: Node, name: str) -> Text | None:
    """Make sure that the element has a slicing; returns a text if the slice is not allowed."""
    slicing = node.facts.get("slicing")
    if slicing is None:
        if node.name in EXTENSIONS:
            slicing = extension_slicing()
        elif node.is_choice:
            slicing = type_slicing("open")
        elif node.slice_name is None:
            return messages.NO_SLICING(element=node.name, slice=name)
        else:
            slicing = {"rules": "open"}
        node.facts = {**node.facts, "slicing": slicing}
    if slicing.get("rules") == "closed" and node.is_closed:
        return messages.CLOSED(element=node.name, slice=name)
    return None


def slice_for_type(node: Node, name: str) -> Node | Text:
    """The slice of the choice `value[x]` for a name like `valueQuantity`, created if necessary.

    If the differential does not constrain the choice itself, the types named this way are the only allowed
    ones.
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
    original_types = node.facts.get("type", []) if node.original_types is None else node.original_types
    types = [type for type in original_types if json_name(node, type) == name]
    if not types:
        return messages.CHOICE_TYPE(
            name=name, element=node.name, types=", ".join(map(fhir_code, original_types))
        )
    _narrow_to(node, types, original_types)
    return define_slice(node, name)


def _narrow_to(node: Node, types: list[dict[str, Any]], original_types: list[dict[str, Any]]) -> None:
    """Restrict a choice to the types named so far, unless the differential or a slicing constrains it."""
    if node.is_stated or (node.original_types is None and "slicing" in node.facts):
        return
    before = [] if node.original_types is None else node.facts["type"]
    node.original_types = original_types
    node.facts = {**node.facts, "slicing": type_slicing("closed"), "type": [*before, *types]}


def is_choice_name(node: Node, name: str) -> bool:
    """Whether a name like `valueQuantity` is the JSON name of the choice `value[x]`."""
    return type_suffix(name, node.name.removesuffix("[x]")) != ""


def json_name(node: Node, type: dict[str, Any]) -> str:
    """The JSON name of a choice element with this type."""
    code = fhir_code(type)
    return node.name.removesuffix("[x]") + code[:1].upper() + code[1:]
