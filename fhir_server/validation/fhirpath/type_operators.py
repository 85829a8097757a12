"""`is`, `as` and `ofType`, decided by static types, or by the resourceType in the data.

https://hl7.org/fhirpath/N1/#types-and-reflection
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import Element
from fhir_server.validation.fhirpath.compiled import (
    EMPTY,
    Compiled,
    Items,
    Run,
    Scope,
    Unsupported,
    compiled_condition,
    compiled_selection,
)
from fhir_server.validation.fhirpath.navigation import element_step, property_values
from fhir_server.validation.fhirpath.parser import SYSTEM, Call, Member, Path, Special, Tree
from fhir_server.validation.fhirpath.static_types import UNKNOWN, StaticType, Types

_FEW = 8
"""Items that a step may return without counting as steps of the budget."""

_DESCENDANTS = Call("descendants", ())

Compile = Callable[[Tree, StaticType], Compiled]


def of_type(types: Types, compile: Compile, operand: Tree, this: StaticType, name: str) -> Compiled:
    """The items of the operand that have a type. Raises `Unsupported` if static types cannot decide that."""
    if name.startswith(SYSTEM):
        return _of_system_type(compile(operand, this), name.removeprefix(SYSTEM))
    wanted = types.resolve_type_name(name)
    if operand == _DESCENDANTS:
        operand = Path(Special("this"), _DESCENDANTS)
    if isinstance(operand, Path) and operand.right == _DESCENDANTS:
        return _descendants_of_type(types, compile(operand.left, this), wanted)
    choice = _choice(compile, operand, this)
    if choice is not None:
        return _narrowed(types, *choice, wanted)
    code = compile(operand, this)
    return _filtered(types, code, wanted)


def _of_system_type(code: Compiled, name: str) -> Compiled:
    """The items of one of FHIRPath's System types. Raises `Unsupported` except for literals."""
    if code.constants is None:
        raise Unsupported(f"{SYSTEM}{name} of what may be FHIR's")
    is_of_type = {name[:1].lower() + name[1:], name} & code.static_type.types
    return code if is_of_type else compiled_selection(lambda _this, _scope: EMPTY)


def _choice(compile: Compile, operand: Tree, this: StaticType) -> tuple[Compiled | None, Element] | None:
    """The choice element that an operand ends in, and the compiled path before it; None if there is none."""
    member = operand.right if isinstance(operand, Path) else operand
    if not isinstance(member, Member):
        return None
    left = compile(operand.left, this) if isinstance(operand, Path) else None
    static_type = left.static_type if left else this
    element = static_type.elements.get(member.name) if static_type.elements else None
    return (left, element) if element is not None and element.choice else None


def _narrowed(types: Types, left: Compiled | None, element: Element, wanted: str) -> Compiled:
    """The step to a choice element, only under the JSON names of the wanted type."""
    names = [(name, ref) for name, ref in element.json_names().items() if wanted in types.bases(ref.code)]
    step, static_type = element_step(types, element, names)
    return compiled_step(left, step, static_type)


def compiled_step(left: Compiled | None, step: Callable[[Any], Items], static_type: StaticType) -> Compiled:
    """Compile a step from each item of `left`, or from the focus."""
    if left is None:
        return compiled_selection(_first_step(step), static_type)
    run = left.run

    def steps(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        if len(items) == 1:
            found = step(items[0])
            return found if len(found) <= _FEW else _counted(found, scope)
        if not items:
            return EMPTY
        scope.count_steps(len(items))
        all_found: list[Any] = []
        for item in items:
            all_found += step(item)
        return all_found

    return compiled_selection(steps, static_type)


def _first_step(step: Callable[[Any], Items]) -> Run:
    def run(this: Any, scope: Scope) -> Items:
        found = step(this)
        return found if len(found) <= _FEW else _counted(found, scope)

    return run


def _counted(found: Items, scope: Scope) -> Items:
    """Count the result of a step if the step built it (a tuple), not if it is a list of the resource."""
    if type(found) is tuple:
        scope.count_item_steps(found)
    return found


def _filtered(types: Types, code: Compiled, wanted: str) -> Compiled:
    if len(code.static_type.types) == 1 and code.static_type.types != {"BackboneElement"}:
        (known,) = code.static_type.types
        if wanted in types.bases(known):
            return code
        return compiled_selection(lambda _this, _scope: EMPTY)
    if not types.is_resource(wanted):
        raise Unsupported(f"ofType({wanted}) of what may be any type")
    run, bases = code.run, types.bases

    def of_resource_type(this: Any, scope: Scope) -> Items:
        items = run(this, scope)
        scope.count_item_steps(items)
        return [
            item for item in items if type(item) is dict and wanted in bases(str(item.get("resourceType")))
        ]

    return compiled_selection(of_resource_type, types.of_type(wanted))


def _descendants_of_type(types: Types, start: Compiled, wanted: str) -> Compiled:
    walk = DescendantSearch(types, wanted)
    run, plan = start.run, walk.plan(start.static_type.elements)

    def found(this: Any, scope: Scope) -> Items:
        below: list[Any] = []
        for item in run(this, scope):
            if type(item) is dict:
                walk.collect(item, plan, below, scope)
        return below

    return compiled_selection(found, types.of_type(wanted))


@dataclass(slots=True, eq=False)
class Plan:
    """Which properties of an object with these elements lead to the wanted type; computed on first use."""

    elements: Mapping[str, Element] | None
    leads: "Mapping[str, Lead] | None" = None


class Lead(NamedTuple):
    """A property that leads to the wanted type: whether its values match, and the plan for their content."""

    matches: bool
    primitive: bool
    plan: Plan


class DescendantSearch:
    """Finds all descendants of one type below an item of known type, or below a resource."""

    def __init__(self, types: Types, wanted: str) -> None:
        self._types = types
        self._wanted = wanted
        self._plans: dict[int, Plan] = {}

    def collect(self, item: dict[str, Any], plan: Plan, found: list[Any], scope: Scope) -> None:
        """Append to `found` the descendants of the wanted type. Raises `Unsupported` for an unknown type."""
        if "resourceType" in item:
            plan = self.plan(self._types.of_type(str(item["resourceType"])).elements)
        leads = plan.leads or self._prepared(plan)
        for name in item:
            if name not in leads:
                continue
            lead, value = leads[name], item[name]
            if lead.primitive:
                found += property_values(item, name)
                continue
            for one in value if type(value) is list else (value,):
                if lead.matches:
                    found.append(one)
                if type(one) is dict:
                    self.collect(one, lead.plan, found, scope)
        scope.count_steps(len(item))

    def plan(self, elements: Mapping[str, Element] | None) -> Plan:
        """The plan for some elements, by their `id()`; the plan holds them, so that the id stays taken."""
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
                    static_type = (
                        self._types.of_element(element, (ref,)) if ref.code != "Resource" else UNKNOWN
                    )
                    yield name, Lead(matches, primitive, self.plan(static_type.elements))


def is_type(types: Types, compile: Compile, operand: Tree, this: StaticType, name: str) -> Compiled:
    """Whether the only item of the operand has a type."""
    if operand == Special("this") and not this.types:
        raise Unsupported(f"$this is {name}")
    matching, unfiltered = of_type(types, compile, operand, this, name), compile(operand, this)
    run_matching, run_whole = matching.run, unfiltered.run

    def test(focus: Any, scope: Scope) -> bool | None:
        items = run_whole(focus, scope)
        if len(items) > 1:
            raise FhirPathError(f"several items where one may be {name}")
        if not items:
            return None
        return bool(run_matching(focus, scope))

    return compiled_condition(test)
