"""Steps from an item to its children, by what is known of its type or by what the data shows.

https://hl7.org/fhirpath/N1/#path-selection
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.validation.fhirpath.comparison import Primitive
from fhir_server.validation.fhirpath.compiled import NOTHING, Items, Scope
from fhir_server.validation.fhirpath.static_types import UNKNOWN, Shape, Types

Step = Callable[[Any], Items]


def named_step(types: Types, shape: Shape, name: str) -> tuple[Step, Shape]:
    """The step to the child `name`, and the shape of what it gives. A name that the type does not have may be
    one of JSON's, such as `valueQuantity`: no FHIRPath, but the reference validator finds it.
    """
    element = shape.elements.get(name) if shape.elements else None
    if element is None:
        return _open_step(types, name), UNKNOWN
    return element_step(types, element, tuple(element.json_names().items()))


def element_step(types: Types, element: Element, names: Iterable[tuple[str, TypeRef]]) -> tuple[Step, Shape]:
    """The step to an element under some of its JSON names."""
    pairs = tuple(names)
    shape = types.of_element(element, tuple(ref for _, ref in pairs))
    steps = [_property_step(types, element, name, ref) for name, ref in pairs]
    if not steps:
        return (lambda _item: NOTHING), shape
    if len(steps) == 1:
        return steps[0], shape
    return _first_of(tuple(zip((name for name, _ in pairs), steps, strict=True))), shape


def _first_of(steps: tuple[tuple[str, Step], ...]) -> Step:
    """The step to a choice, of which one type at most is given."""
    by_name = dict(steps) | {f"_{name}": step for name, step in steps}

    def step(item: Any) -> Items:
        if type(item) is dict:
            for name in item:
                if name in by_name:
                    return by_name[name](item)
        return NOTHING

    return step


def _property_step(types: Types, element: Element, name: str, ref: TypeRef) -> Step:
    primitive = not element.children and types.is_primitive(ref.code)
    if element.is_list:
        return _primitive_list_step(name) if primitive else _object_list_step(name)
    return _primitive_step(name) if primitive else _object_step(name)


def _object_step(name: str) -> Step:
    def step(item: Any) -> Items:
        if type(item) is dict and (value := item.get(name)) is not None:
            return (value,)
        return NOTHING

    return step


def _object_list_step(name: str) -> Step:
    def step(item: Any) -> Items:
        if type(item) is dict:
            value = item.get(name, NOTHING)
            return value if type(value) is list else NOTHING
        return NOTHING

    return step


def _primitive_step(name: str) -> Step:
    companion = f"_{name}"

    def step(item: Any) -> Items:
        if type(item) is dict:
            value = item.get(name)
            if companion in item:
                return _accompanied(value, item[companion])
            return NOTHING if value is None else (value,)
        if type(item) is Primitive:
            return step(item.more)
        return NOTHING

    return step


def _accompanied(value: Any, more: Any) -> Items:
    if type(more) is dict:
        return (Primitive(value, more),)
    return NOTHING if value is None else (value,)


def _primitive_list_step(name: str) -> Step:
    companion = f"_{name}"

    def step(item: Any) -> Items:
        if type(item) is not dict:
            return NOTHING
        values = item.get(name, NOTHING)
        if companion in item:
            return _paired(values, item[companion])
        return values if type(values) is list else NOTHING

    return step


def _paired(values: Any, companions: Any) -> Items:
    """The values of an array of primitives, each with what stands beside it: a tuple, which is made here."""
    mine = values if type(values) is list else []
    beside = companions if type(companions) is list else []
    found: list[Any] = []
    for index in range(max(len(mine), len(beside))):
        value = mine[index] if index < len(mine) else None
        found += _accompanied(value, beside[index] if index < len(beside) else None)
    return tuple(found)


def _open_step(types: Types, name: str) -> Step:
    """The step by what the data shows: the property itself, or a choice under one of its types."""

    def step(item: Any) -> Items:
        if type(item) is Primitive:
            item = item.more
        if type(item) is not dict:
            return NOTHING
        if name in item or f"_{name}" in item:
            return shown(item, name)
        for key in item:
            bare = key.removeprefix("_")
            if bare.startswith(name) and _is_type_suffix(types, bare[len(name) :]):
                return shown(item, bare)
        return NOTHING

    return step


def _is_type_suffix(types: Types, suffix: str) -> bool:
    if not suffix[:1].isupper():
        return False
    return types.is_primitive(suffix[0].lower() + suffix[1:]) or types.of_type(suffix) is not UNKNOWN


def shown(item: dict[str, Any], name: str) -> Items:
    """What a property holds, with its companion, whatever its type."""
    value, companion = item.get(name), item.get(f"_{name}")
    if type(value) is list or type(companion) is list:
        return value if companion is None and type(value) is list else _paired(value, companion)
    if companion is not None:
        return _accompanied(value, companion)
    return NOTHING if value is None else (value,)


def children(item: Any) -> Iterator[Any]:
    """Every child of an item."""
    if type(item) is Primitive:
        item = item.more
    if type(item) is dict:
        for name in dict.fromkeys(key.removeprefix("_") for key in item if key != "resourceType"):
            yield from shown(item, name)


def objects_below(item: Any, scope: Scope) -> list[Any]:
    """Every object below an item: all of its descendants that can have children."""
    found: list[Any] = []
    waiting = [item.more if type(item) is Primitive else item]
    while waiting:
        node = waiting.pop()
        if type(node) is not dict:
            continue
        for value in node.values():
            if type(value) is dict:
                found.append(value)
                waiting.append(value)
            elif type(value) is list:
                inner = [item for item in value if type(item) is dict]
                found += inner
                waiting += inner
    scope.spend(len(found))
    return found


def resource_around(item: Any, root: Any, scope: Scope) -> Any:
    """The resource that an object stands in somewhere below `root`; what is contained is part of its
    container. None where the object is not found.
    """
    waiting = [(root, root)]
    while waiting:
        node, resource = waiting.pop()
        if node is item:
            return resource
        for name, value in node.items():
            inner = [child for child in (value if type(value) is list else [value]) if type(child) is dict]
            scope.spend(len(inner))
            stands_alone = name != "contained"
            waiting += [
                (child, child if stands_alone and "resourceType" in child else resource) for child in inner
            ]
    return None


def descendants(item: Any, scope: Scope) -> list[Any]:
    """Every child, their children and so on, in no promised order."""
    found: list[Any] = []
    waiting = [item]
    while waiting:
        below = list(children(waiting.pop()))
        scope.spend(len(below))
        found += below
        waiting += below
    return found
