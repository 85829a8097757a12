"""Single-valued parameters: those with at most one value per resource.

Two criteria on such a parameter apply to the same value, so that a range can be searched as one interval.

https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.max
"""

from collections.abc import Iterable, Sequence

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.registry_cache import cached_per_registry
from fhir_server.search.expression_paths import ComplexExpression, OfType, Property, Step, parse_paths


def is_single_valued(registry: Registry, types: Iterable[str], code: str) -> bool:
    """Whether the parameter has at most one value in each resource of these types."""
    return all(_has_one_place(registry, type, code) for type in types)


@cached_per_registry
def _has_one_place(registry: Registry, type: str, code: str) -> bool:
    parameter = registry.search_parameters(type).get(code)
    places = _element_paths(parameter.expression, type) if parameter and parameter.expression else set()
    return len(places) == 1 and all(_is_scalar_path(registry, type, steps) for steps in places)


def _element_paths(expression: str, type: str) -> set[tuple[Step, ...]]:
    """The paths of the elements; those that differ only in the type of a choice element count as one."""
    try:
        paths = [path for path in parse_paths(expression) if path.root == type]
    except ComplexExpression:
        return set()
    return {
        path.steps[:-1] if isinstance(path.steps[-1], OfType) else path.steps for path in paths if path.steps
    }


def _is_scalar_path(registry: Registry, type: str, steps: Sequence[Step]) -> bool:
    elements = registry.type(type).elements
    for step in steps:
        match step:
            case Property(name) if name in elements and not elements[name].is_list:
                element = elements[name]
                inner = element.types[0].code if len(element.types) == 1 else ""
                elements = element.children or (registry.type(inner).elements if inner else {})
            case OfType(inner):
                elements = registry.type(inner).elements
            case _:
                return False
    return True
