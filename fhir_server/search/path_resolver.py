"""Resolves the paths of expressions against the definitions, to JSON properties and element types.

https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.search.expression_paths import (
    RESOURCE,
    Coded,
    ComplexExpression,
    Condition,
    Equals,
    First,
    OfType,
    Path,
    Property,
    Resolves,
    Step,
)

_ABSTRACT = ("Resource", "DomainResource")
_REFERRING = ("Reference", "canonical", "uri")


@dataclass(frozen=True, slots=True)
class PathTarget:
    """The values that a path selects: their `type`, and their `element` (None for a whole resource)."""

    type: str
    element: Element | None = None


@dataclass(frozen=True, slots=True)
class JsonStep:
    """One JSON property of a path, the conditions on its values, and whether only the `first` is selected."""

    name: str
    conditions: tuple[Condition, ...] = ()
    first: bool = False

    @property
    def is_unconditional(self) -> bool:
        """Whether all values are selected."""
        return not (self.conditions or self.first)


@dataclass(frozen=True, slots=True)
class ResolvedPath:
    """The JSON properties of a path, and what they lead to."""

    steps: tuple[JsonStep, ...]
    target: PathTarget


class PathResolver:
    """Resolves paths by the definitions."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def resolve(
        self, path: Path, resource_type: str, part: PathTarget | None = None
    ) -> tuple[ResolvedPath, ...]:
        """The resolved paths from a resource, or from `part` of it; none if `path` is for other types.

        Raises `ComplexExpression` if a type on the path is only known at run time.
        """
        if path.root not in ("", RESOURCE, resource_type, *_ABSTRACT):
            return ()
        routes: tuple[ResolvedPath, ...] = (
            ResolvedPath((), (not path.root and part) or PathTarget(resource_type)),
        )
        for step in path.steps:
            routes = tuple(further for resolved in routes for further in self._follow(resolved, step))
        return routes

    def resolve_extension_value(self, resolved: ResolvedPath) -> tuple[ResolvedPath, ...]:
        """The path itself; if it selects extensions, the paths to their `value[x]`, as R4 implies."""
        if resolved.target.type != "Extension":
            return (resolved,)
        return tuple(self._follow(resolved, Property("value")))

    def _follow(self, resolved: ResolvedPath, step: Step) -> Iterator[ResolvedPath]:
        match step:
            case Property(name):
                for json_name, target in self._children(resolved.target, name):
                    yield ResolvedPath((*self._steps_into(resolved), JsonStep(json_name)), target)
            case OfType(type) if resolved.target.type in _ABSTRACT and self._registry.is_resource_type(type):
                told = Equals("resourceType", type)
                steps = _with_last_step(
                    resolved, lambda json_step: replace(json_step, conditions=(*json_step.conditions, told))
                ).steps
                yield ResolvedPath(steps, PathTarget(type))
            case OfType(type):
                if self._is(resolved.target.type, type):
                    yield resolved
            case First():
                yield _with_last_step(resolved, lambda json_step: replace(json_step, first=True))
            case _:
                self._check(resolved.target, step)
                yield _with_last_step(
                    resolved, lambda json_step: replace(json_step, conditions=(*json_step.conditions, step))
                )

    def _steps_into(self, resolved: ResolvedPath) -> tuple[JsonStep, ...]:
        """The steps into a value; the children of a primitive are in the property with an underscore.

        https://hl7.org/fhir/R4/json.html#primitive
        """
        if not self._is_primitive(resolved.target):
            return resolved.steps
        if not resolved.steps or resolved.steps[-1].conditions:
            raise ComplexExpression(resolved.target.type)
        return _with_last_step(
            resolved, lambda json_step: replace(json_step, name=f"_{json_step.name}")
        ).steps

    def _check(self, target: PathTarget, condition: Condition) -> None:
        """Raise `ComplexExpression` for a condition that the JSON of a value alone does not decide."""
        match condition:
            case Equals(name):
                told = self._is_one_primitive(self._elements(target).get(name))
            case Coded(name):
                element = self._elements(target).get(name)
                told = element is not None and [ref.code for ref in element.types] == ["CodeableConcept"]
            case Resolves():
                told = target.type in _REFERRING
            case _:
                told = not self._is_primitive(target)
        if not told:
            raise ComplexExpression(target.type)

    def _children(self, target: PathTarget, name: str) -> Iterator[tuple[str, PathTarget]]:
        element = self._elements(target).get(name)
        if element is None:
            return
        for json_name, ref in element.json_names().items():
            yield json_name, PathTarget(ref.code, element)

    def _is_primitive(self, target: PathTarget) -> bool:
        has_children = target.type in _ABSTRACT or (target.element is not None and target.element.children)
        return not has_children and self._registry.type(target.type).kind == "primitive-type"

    def _is_one_primitive(self, element: Element | None) -> bool:
        if element is None or element.choice or element.is_list or not element.types:
            return False
        return self._is_primitive(PathTarget(element.types[0].code, element))

    def _elements(self, target: PathTarget) -> Mapping[str, Element]:
        if target.element is not None and target.element.children:
            return target.element.children
        if target.type in _ABSTRACT:
            raise ComplexExpression(target.type)
        return self._registry.type(target.type).elements

    def _is(self, type: str | None, wanted: str) -> bool:
        """Whether `type` is `wanted` or derived from it; R4's expressions also spell dateTime `DateTime`."""
        names = (wanted, wanted[0].lower() + wanted[1:])
        while type is not None:
            if type in names:
                return True
            type = self._registry.type(type).base
        return False


def _with_last_step(resolved: ResolvedPath, change: Callable[[JsonStep], JsonStep]) -> ResolvedPath:
    if not resolved.steps:
        raise ComplexExpression
    return ResolvedPath((*resolved.steps[:-1], change(resolved.steps[-1])), resolved.target)
