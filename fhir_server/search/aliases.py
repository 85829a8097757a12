"""String parameters with the same elements, which share one index.

In R4, `phonetic` of a Patient is such an alias of `name`. https://hl7.org/fhir/R4/patient.html#search
"""

from collections.abc import Mapping

from fhir_server.definitions.registry import Registry
from fhir_server.definitions.registry_cache import cached_per_registry
from fhir_server.search.expression_paths import ComplexExpression, Path, parse_paths


@cached_per_registry
def aliases(registry: Registry, type: str) -> Mapping[str, str]:
    """The aliases among the string parameters of `type`: by code, the code under which each is indexed."""
    first: dict[tuple[Path, ...], str] = {}
    found = {}
    for code, parameter in registry.search_parameters(type).items():
        if parameter.type != "string" or not parameter.expression:
            continue
        paths = _paths(parameter.expression, type)
        if paths and first.setdefault(paths, code) != code:
            found[code] = first[paths]
    return found


def _paths(expression: str, type: str) -> tuple[Path, ...]:
    """The paths of an expression that apply to this type."""
    try:
        return tuple(path for path in parse_paths(expression) if path.root in ("", type))
    except ComplexExpression:
        return ()
