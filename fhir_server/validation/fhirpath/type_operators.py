"""`is`, `as` and `ofType`, decided from the definitions, or from the resource type that the data names.

https://hl7.org/fhirpath/N1/#types-and-reflection
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import Element
from fhir_server.validation.fhirpath.compiled import (
    NOTHING,
    Code,
    Items,
    Run,
    Scope,
    Unsupported,
    selecting,
    testing,
)
from fhir_server.validation.fhirpath.navigation import element_step, shown
from fhir_server.validation.fhirpath.parser import SYSTEM, Call, Member, Path, Special, Tree
from fhir_server.validation.fhirpath.static_types import UNKNOWN, Shape, Types

_FEW = 8
"""Items that a step may make without their being counted."""

_DESCENDANTS = Call("descendants", ())

Compile = Callable[[Tree, Shape], Code]


def of_type(types: Types, compile: Compile, operand: Tree, this: Shape, name: str) -> Code:
    """The items of the operand that have a type. Raises `Unsupported` where only the data can tell."""
    if name.startswith(SYSTEM):
        return _of_system_type(compile(operand, this), name.removeprefix(SYSTEM))
    wanted = types.named(name)
    if operand == _DESCENDANTS:
        operand = Path(Special("this"), _DESCENDANTS)
    if isinstance(operand, Path) and operand.right == _DESCENDANTS:
        return _descendants_of_type(types, compile(operand.left, this), wanted)
    choice = _choice(compile, operand, this)
    if choice is not None:
        return _narrowed(types, *choice, wanted)
    code = compile(operand, this)
    return _filtered(types, code, wanted)


def _of_system_type(code: Code, name: str) -> Code:
    """The items of a type of FHIRPath's own. Raises `Unsupported` but for what the expression writes out."""
    if code.constants is None:
        raise Unsupported(f"{SYSTEM}{name} of what may be FHIR's")
    is_of_type = {name[:1].lower() + name[1:], name} & code.shape.types
    return code if is_of_type else selecting(lambda _this, _scope: NOTHING)


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
        return selecting(_first_step(step), shape)
    run = left.run

    def steps(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if len(items) == 1:
            found = step(items[0])
            return found if len(found) <= _FEW else _counted(found, scope)
        if not items:
            return NOTHING
        scope.spend(len(items))
        all_found: list[Any] = []
        for item in items:
            all_found += step(item)
        return all_found

    return selecting(steps, shape)


def _first_step(step: Callable[[Any], Items]) -> Run:
    def run(this: Any, scope: Scope) -> Items:
        found = step(this)
        return found if len(found) <= _FEW else _counted(found, scope)

    return run


def _counted(found: Items, scope: Scope) -> Items:
    """What a step has found, counted where it was made, which a list of the resource was not."""
    if type(found) is tuple:
        scope.pass_over(found)
    return found


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
        items = run(this, scope)
        scope.pass_over(items)
        return [
            item for item in items if type(item) is dict and wanted in bases(str(item.get("resourceType")))
        ]

    return selecting(of_resource_type, types.of_type(wanted))


def _descendants_of_type(types: Types, start: Code, wanted: str) -> Code:
    walk = TypedWalk(types, wanted)
    run, plan = start.run, walk.plan(start.shape.elements)

    def found(this: Any, scope: Scope) -> Items:
        below: list[Any] = []
        for item in run(this, scope):
            if type(item) is dict:
                walk.collect(item, plan, below, scope)
        return below

    return selecting(found, types.of_type(wanted))


@dataclass(slots=True, eq=False)
class Plan:
    """Which properties of objects with some elements lead to the wanted type; found when first needed."""

    elements: Mapping[str, Element] | None
    leads: "Mapping[str, Lead] | None" = None


class Lead(NamedTuple):
    """What a property holds: items of the type that is wanted or not, and objects of a plan of their own."""

    matches: bool
    primitive: bool
    plan: Plan


class TypedWalk:
    """Finds all of one type below an item whose own type is known, or which is a resource."""

    def __init__(self, types: Types, wanted: str) -> None:
        self._types = types
        self._wanted = wanted
        self._plans: dict[int, Plan] = {}

    def collect(self, item: dict[str, Any], plan: Plan, found: list[Any], scope: Scope) -> None:
        """Add to `found` what is of the type below the item. Raises `Unsupported` for an unknown type."""
        if "resourceType" in item:
            plan = self.plan(self._types.of_type(str(item["resourceType"])).elements)
        leads = plan.leads or self._prepared(plan)
        for name in item:
            if name not in leads:
                continue
            lead, value = leads[name], item[name]
            if lead.primitive:
                found += shown(item, name)
                continue
            for one in value if type(value) is list else (value,):
                if lead.matches:
                    found.append(one)
                if type(one) is dict:
                    self.collect(one, lead.plan, found, scope)
        scope.spend(len(item))

    def plan(self, elements: Mapping[str, Element] | None) -> Plan:
        """The plan of some elements; it keeps them, so that their id stays theirs."""
        plan = self._plans.get(id(elements))
        if plan is None:
            plan = self._plans[id(elements)] = Plan(elements)
        return plan

    def _prepared(self, plan: Plan) -> "Mapping[str, Lead]":
        if plan.elements is None:
            raise Unsupported("descendants() of what may be any type")
        plan.leads = dict(self._leads(plan.elements))
        return plan.leads

    def _leads(self, elements: Mapping[str, Element]) -> Iterator[tuple[str, Lead]]:
        for element in elements.values():
            for name, ref in element.json_names().items():
                matches = not element.children and self._wanted in self._types.bases(ref.code)
                primitive = not element.children and self._types.is_primitive(ref.code)
                if matches or not primitive:
                    shape = self._types.of_element(element, (ref,)) if ref.code != "Resource" else UNKNOWN
                    yield name, Lead(matches, primitive, self.plan(shape.elements))


def tested_type(types: Types, compile: Compile, operand: Tree, this: Shape, name: str) -> Code:
    """Whether the one item of the operand has a type."""
    if operand == Special("this") and not this.types:
        raise Unsupported(f"$this is {name}")
    matching, whole = of_type(types, compile, operand, this, name), compile(operand, this)
    run_matching, run_whole = matching.run, whole.run

    def test(focus: Any, scope: Scope) -> bool | None:
        items = run_whole(focus, scope)
        if len(items) > 1:
            raise FhirPathError(f"several items where one may be {name}")
        if not items:
            return None
        return bool(run_matching(focus, scope))

    return testing(test)
