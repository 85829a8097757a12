"""The elements that hold text, for _content, and the element types of a parameter.

https://hl7.org/fhir/R4/datatypes.html#string
"""

from collections.abc import Iterable

from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.registry_cache import cached_per_registry
from fhir_server.search.expression_paths import ComplexExpression, parse_paths
from fhir_server.search.path_resolver import PathResolver
from fhir_server.search.types.word import TEXT_TYPES

_NO_CONTENT = frozenset({"id", "reference"})
"""Strings that are no text for readers: element ids and references."""


def text_names(registry: Registry, type: str) -> frozenset[str]:
    """The names of the JSON properties of a resource type that hold text, at any depth.

    A name that is text in one element and a code in another is included.
    """
    if not registry.is_resource_type(type):
        return frozenset()
    names: set[str] = set()
    seen = {type}
    waiting: list[Iterable[Element]] = [registry.type(type).elements.values()]
    while waiting:
        for element in waiting.pop():
            for name, ref in element.json_names().items():
                if ref.code in TEXT_TYPES:
                    names.add(name)
                elif ref.code not in seen and not registry.is_resource_type(ref.code):
                    seen.add(ref.code)
                    waiting.append(registry.type(ref.code).elements.values())
            if element.inline:
                waiting.append(element.inline.values())
    return frozenset(names) - _NO_CONTENT


@cached_per_registry
def element_types(registry: Registry, type: str, code: str) -> frozenset[str]:
    """The types of the elements that a parameter selects in a resource type; empty if its expression is too
    complex to tell.
    """
    parameter = registry.search_parameters(type)[code]
    resolver = PathResolver(registry)
    try:
        paths = parse_paths(parameter.expression or "")
        return frozenset(resolved.target.type for path in paths for resolved in resolver.resolve(path, type))
    except ComplexExpression:
        return frozenset()


def holds_text(registry: Registry, type: str, code: str) -> bool:
    """Whether a token parameter selects only strings in a type, which R4 compares case-insensitively.

    https://hl7.org/fhir/R4/search.html#token
    """
    found = element_types(registry, type, code)
    return bool(found) and TEXT_TYPES.issuperset(found)
