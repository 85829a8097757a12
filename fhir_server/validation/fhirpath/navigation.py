"""Navigation from an item to its children, by its static type or, if that is unknown, by the data.

https://hl7.org/fhirpath/N1/#path-selection
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from fhir_server.definitions.elements import Element, TypeRef
from fhir_server.validation.fhirpath.comparison import ExtendedPrimitive
from fhir_server.validation.fhirpath.compiled import EMPTY, Items, Scope
from fhir_server.validation.fhirpath.static_types import UNKNOWN, StaticType, Types

Step = Callable[[Any], Items]


def named_step(types: Types, static_type: StaticType, name: str) -> tuple[Step, StaticType]:
    """The step to the child `name`, and the static type of its result.

    A name that the type does not have may be a JSON name such as `valueQuantity`. That is not FHIRPath, but
    the reference validator accepts it.
    """
    element = static_type.elements.get(name) if static_type.elements else None
    if element is None:
        return _untyped_step(types, name), UNKNOWN
    return element_step(types, element, tuple(element.json_names().items()))


def element_step(
    types: Types, element: Element, names: Iterable[tuple[str, TypeRef]]
) -> tuple[Step, StaticType]:
    """The step to an element under some of its JSON names."""
    pairs = tuple(names)
    static_type = types.of_element(element, tuple(ref for _, ref in pairs))
    steps = [_property_step(types, element, name, ref) for name, ref in pairs]
    if not steps:
        return (lambda _item: EMPTY), static_type
    if len(steps) == 1:
        return steps[0], static_type
    return _first_of(tuple(zip((name for name, _ in pairs), steps, strict=True))), static_type


def _first_of(steps: tuple[tuple[str, Step], ...]) -> Step:
    """The step to a choice element, of which at most one type is present."""
    by_name = dict(steps) | {f"_{name}": step for name, step in steps}

    def step(item: Any) -> Items:
        if type(item) is dict:
            for name in item:
                if name in by_name:
                    return by_name[name](item)
        return EMPTY

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
        return EMPTY

    return step


def _object_list_step(name: str) -> Step:
    def step(item: Any) -> Items:
        if type(item) is dict:
            value = item.get(name, EMPTY)
            return value if type(value) is list else EMPTY
        return EMPTY

    return step


def _primitive_step(name: str) -> Step:
    companion = f"_{name}"

    def step(item: Any) -> Items:
        if type(item) is dict:
            value = item.get(name)
            if companion in item:
                return _with_companion(value, item[companion])
            return EMPTY if value is None else (value,)
        if type(item) is ExtendedPrimitive:
            return step(item.companion)
        return EMPTY

    return step


def _with_companion(value: Any, more: Any) -> Items:
    if type(more) is dict:
        return (ExtendedPrimitive(value, more),)
    return EMPTY if value is None else (value,)


def _primitive_list_step(name: str) -> Step:
    companion = f"_{name}"

    def step(item: Any) -> Items:
        if type(item) is not dict:
            return EMPTY
        values = item.get(name, EMPTY)
        if companion in item:
            return _paired(values, item[companion])
        return values if type(values) is list else EMPTY

    return step


def _paired(values: Any, companions: Any) -> Items:
    """The values of an array of primitives, each with its companion; a tuple marks that it was built here."""
    mine = values if type(values) is list else []
    beside = companions if type(companions) is list else []
    found: list[Any] = []
    for index in range(max(len(mine), len(beside))):
        value = mine[index] if index < len(mine) else None
        found += _with_companion(value, beside[index] if index < len(beside) else None)
    return tuple(found)


def _untyped_step(types: Types, name: str) -> Step:
    """The step without a static type: the property of this name, or a choice with a type as suffix."""

    def step(item: Any) -> Items:
        if type(item) is ExtendedPrimitive:
            item = item.companion
        if type(item) is not dict:
            return EMPTY
        if name in item or f"_{name}" in item:
            return property_values(item, name)
        for key in item:
            bare = key.removeprefix("_")
            if bare.startswith(name) and _is_type_suffix(types, bare[len(name) :]):
                return property_values(item, bare)
        return EMPTY

    return step


def _is_type_suffix(types: Types, suffix: str) -> bool:
    if not suffix[:1].isupper():
        return False
    return types.is_primitive(suffix[0].lower() + suffix[1:]) or types.of_type(suffix) is not UNKNOWN


def property_values(item: dict[str, Any], name: str) -> Items:
    """The values of a property of any type, with their companions."""
    value, companion = item.get(name), item.get(f"_{name}")
    if type(value) is list or type(companion) is list:
        return value if companion is None and type(value) is list else _paired(value, companion)
    if companion is not None:
        return _with_companion(value, companion)
    return EMPTY if value is None else (value,)


def children(item: Any) -> Iterator[Any]:
    """Every child of an item."""
    if type(item) is ExtendedPrimitive:
        item = item.companion
    if type(item) is dict:
        for name in dict.fromkeys(key.removeprefix("_") for key in item if key != "resourceType"):
            yield from property_values(item, name)


def descendant_objects(item: Any, scope: Scope) -> list[Any]:
    """All descendants of an item that are objects."""
    found: list[Any] = []
    waiting = [item.companion if type(item) is ExtendedPrimitive else item]
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
    scope.count_steps(len(found))
    return found


def enclosing_resource(item: Any, root: Any, scope: Scope) -> Any:
    """The resource below `root` that an object is part of; a contained resource counts as part of its
    container.

    None if the object is not found.
    """
    waiting = [(root, root)]
    while waiting:
        node, resource = waiting.pop()
        if node is item:
            return resource
        for name, value in node.items():
            inner = [child for child in (value if type(value) is list else [value]) if type(child) is dict]
            scope.count_steps(len(inner))
            stands_alone = name != "contained"
            waiting += [
                (child, child if stands_alone and "resourceType" in child else resource) for child in inner
            ]
    return None


def descendants(item: Any, scope: Scope) -> list[Any]:
    """All descendants of an item, in no particular order."""
    found: list[Any] = []
    waiting = [item]
    while waiting:
        below = list(children(waiting.pop()))
        scope.count_steps(len(below))
        found += below
        waiting += below
    return found
