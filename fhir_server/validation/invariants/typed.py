"""`is`, `as` and `ofType`, decided from the definitions, or from the resource type that the data names.

https://hl7.org/fhirpath/N1/#types-and-reflection
"""

from collections.abc import Callable, Mapping
from typing import Any

from fhir_server.definitions.elements import Element
from fhir_server.validation.invariants.code import (
    NOTHING,
    Code,
    Items,
    Scope,
    Unsupported,
    selecting,
    testing,
)
from fhir_server.validation.invariants.shapes import UNKNOWN, Shape, Types
from fhir_server.validation.invariants.steps import element_step, shown
from fhir_server.validation.invariants.syntax import Call, Member, Path, Special, Tree

Compile = Callable[[Tree, Shape], Code]


def of_type(types: Types, compile: Compile, operand: Tree, this: Shape, name: str) -> Code:
    """The items of the operand that have a type. Raises `Unsupported` where only the data can tell."""
    wanted = types.named(name)
    if isinstance(operand, Path) and operand.right == Call("descendants", ()):
        return _descendants_of_type(types, compile(operand.left, this), wanted)
    choice = _choice(compile, operand, this)
    if choice is not None:
        return _narrowed(types, *choice, wanted)
    code = compile(operand, this)
    return _filtered(types, code, wanted)


def _choice(compile: Compile, operand: Tree, this: Shape) -> tuple[Code | None, Element] | None:
    """The element that an operand ends in where it is a choice, and the code of what stands before."""
    member = operand.right if isinstance(operand, Path) else operand
    if not isinstance(member, Member):
        return None
    left = compile(operand.left, this) if isinstance(operand, Path) else None
    shape = left.shape if left else this
    element = shape.elements.get(member.name) if shape.elements else None
    return (left, element) if element is not None and element.choice else None


def _narrowed(types: Types, left: Code | None, element: Element, wanted: str) -> Code:
    """The choice under those of its names that are of the type."""
    names = [(name, ref) for name, ref in element.json_names().items() if wanted in types.bases(ref.code)]
    step, shape = element_step(types, element, names)
    return stepping(left, step, shape)


def stepping(left: Code | None, step: Callable[[Any], Items], shape: Shape) -> Code:
    """The code that takes a step from every item of `left`, or from the focus."""
    if left is None:
        return selecting(lambda this, _scope: step(this), shape)
    run = left.run

    def steps(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if len(items) == 1:
            return step(items[0])
        if not items:
            return NOTHING
        scope.spend(len(items))
        found: list[Any] = []
        for item in items:
            found += step(item)
        return found

    return selecting(steps, shape)


def _filtered(types: Types, code: Code, wanted: str) -> Code:
    if len(code.shape.types) == 1 and code.shape.types != {"BackboneElement"}:
        (known,) = code.shape.types
        if wanted in types.bases(known):
            return code
        return selecting(lambda _this, _scope: NOTHING)
    if not types.is_resource(wanted):
        raise Unsupported(f"ofType({wanted}) of what may be any type")
    run, bases = code.run, types.bases

    def of_resource_type(this: Any, scope: Scope) -> Items:
        return [
            item
            for item in run(this, scope)
            if type(item) is dict and wanted in bases(str(item.get("resourceType")))
        ]

    return selecting(of_resource_type, types.of_type(wanted))


def _descendants_of_type(types: Types, start: Code, wanted: str) -> Code:
    walk = TypedWalk(types, wanted)
    run, elements = start.run, start.shape.elements

    def found(this: Any, scope: Scope) -> Items:
        below: list[Any] = []
        for item in run(this, scope):
            walk.collect(item, elements, below, scope)
        return below

    return selecting(found, types.of_type(wanted))


class TypedWalk:
    """Finds all of one type below an item whose own type is known, or which is a resource."""

    def __init__(self, types: Types, wanted: str) -> None:
        self._types = types
        self._wanted = wanted
        self._plans: dict[int, tuple[Mapping[str, Element], Mapping[str, tuple[bool, Shape, str]]]] = {}

    def collect(
        self, item: Any, elements: Mapping[str, Element] | None, found: list[Any], scope: Scope
    ) -> None:
        """Add to `found` what is of the type below the item. Raises `Unsupported` for an unknown type."""
        if type(item) is not dict:
            return
        if "resourceType" in item:
            elements = self._types.of_type(str(item["resourceType"])).elements
        if elements is None:
            raise Unsupported("descendants() of what may be any type")
        plan = self._plan(elements)
        scope.spend(len(item))
        for name in item:
            if name not in plan:
                continue
            matches, shape, bare = plan[name]
            for value in shown(item, bare):
                if matches:
                    found.append(value)
                if type(value) is dict:
                    self.collect(value, shape.elements, found, scope)

    def _plan(self, elements: Mapping[str, Element]) -> Mapping[str, tuple[bool, Shape, str]]:
        """What each property that can lead on holds: the type that is wanted or not, and its elements."""
        known = self._plans.get(id(elements))
        if known is None:
            known = self._plans[id(elements)] = (elements, dict(self._entries(elements)))
        return known[1]

    def _entries(self, elements: Mapping[str, Element]) -> Any:
        for element in elements.values():
            for name, ref in element.json_names().items():
                matches = not element.children and self._wanted in self._types.bases(ref.code)
                if matches or not self._types.is_primitive(ref.code):
                    shape = self._types.of_element(element, (ref,)) if ref.code != "Resource" else UNKNOWN
                    yield name, (matches, shape, name)


def tested_type(types: Types, compile: Compile, operand: Tree, this: Shape, name: str) -> Code:
    """Whether the one item of the operand has a type."""
    if operand == Special("this") and not this.types:
        raise Unsupported(f"$this is {name}")
    matching, whole = of_type(types, compile, operand, this, name), compile(operand, this)
    run_matching, run_whole = matching.run, whole.run

    def test(focus: Any, scope: Scope) -> bool | None:
        if not run_whole(focus, scope):
            return None
        return bool(run_matching(focus, scope))

    return testing(test)
