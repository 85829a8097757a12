"""Checks of search parameters: the expression can be parsed, and its paths exist in the base types.

https://hl7.org/fhir/R4/searchparameter.html
"""

import re
from collections.abc import Collection, Iterator, Mapping

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.definitions.elements import Element
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Text
from fhir_server.search.expression_paths import ComplexExpression, parse_paths
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt, quoted_list, shortened

_PLACE = "SearchParameter.expression"
_ABSTRACT = frozenset({"Resource", "DomainResource"})
_path = re.compile(r"[A-Za-z]\w*\b(?!\()(?:\.[a-z]\w*\b(?!\())*")
"""The path at the beginning of an expression, up to the first function."""


class SearchParameterCheck:
    """Checks the expression of a parameter against its base types."""

    types = frozenset({"SearchParameter"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        if resource.get("type") == "composite" and len(resource.get("component", ())) < 2:
            text = messages.COMPONENTS_MISSING()
            yield finding("warning", "required", "components", text, "SearchParameter.component")
        yield from _derivation(resource, context.registry)
        expression, base = resource.get("expression"), resource.get("base", ())
        if not isinstance(expression, str):
            return
        try:
            _check_syntax(expression, context)
        except FhirPathError as error:
            text = messages.EXPRESSION_UNREADABLE(reason=shortened(str(error)))
            yield finding("warning", "invalid", "search-expression", text, _PLACE)
            return
        problems = (_alternative_problem(path, base, context.registry) for path in expression.split("|"))
        if "|" not in expression:
            problems = (
                problem or _relative_path_problem(expression, base, context.registry) for problem in problems
            )
        for problem in filter(None, problems):
            yield finding("warning", "invalid", "search-expression", problem, _PLACE)


def _derivation(resource: Resource, registry: Registry) -> Iterator[Issue]:
    """Check that a parameter agrees with the one in derivedFrom, if that is known."""
    url, type, base = resource.get("derivedFrom"), resource.get("type"), resource.get("base", ())
    origin = registry.search_parameter(url) if isinstance(url, str) else None
    if origin is None:
        return
    if type != origin.type:
        text = messages.DERIVED_TYPE(type=excerpt(type), url=origin.url, right=origin.type)
        yield finding("warning", "invalid", "derived-from", text, "SearchParameter.type")
    others = [type for type in base if _ABSTRACT.isdisjoint(origin.base) and type not in origin.base]
    if others:
        text = messages.DERIVED_BASE(
            bases=quoted_list(others), url=origin.url, right=quoted_list(origin.base)
        )
        yield finding("warning", "invalid", "derived-from", text, "SearchParameter.base")


def _check_syntax(expression: str, context: CheckContext) -> None:
    """Raises `FhirPathError` for an expression that cannot be read. Most are plain paths, which need no
    parser of the whole language.
    """
    try:
        parse_paths(expression)
    except ComplexExpression:
        context.paths.check(expression)


def _alternative_problem(alternative: str, base: Collection[str], registry: Registry) -> Text | None:
    """Why one alternative of the expression can find nothing in the base types; None if it can."""
    found = _path.match(alternative.strip(" \t\r\n("))
    if found is None:
        return None
    root, *names = found[0].split(".")
    if not registry.is_resource_type(root) and root not in _ABSTRACT:
        return None
    if root not in base:
        return messages.EXPRESSION_ELSEWHERE(type=root, bases=quoted_list(base))
    return _unknown_step(root, names, registry) if registry.is_resource_type(root) else None


def _relative_path_problem(expression: str, base: Collection[str], registry: Registry) -> Text | None:
    """Why an expression that begins with an element can find nothing in any base type; None if it can."""
    found = _path.match(expression)
    if found is None or not found[0][0].islower():
        return None
    types = [type for type in base if registry.is_resource_type(type)]
    problems = [_unknown_step(type, found[0].split("."), registry) for type in types]
    return problems[0] if problems and all(problems) else None


def _unknown_step(root: str, names: list[str], registry: Registry) -> Text | None:
    """The message for the first step of a path that is not an element; None if all are."""
    elements: Mapping[str, Element] = registry.type(root).elements
    path = root
    for name in names:
        element = elements.get(name)
        if element is None:
            return messages.EXPRESSION_ELEMENT(name=excerpt(name), path=path)
        path = f"{path}.{name}"
        types = tuple(element.json_names().values())
        if element.children or len(types) != 1 or types[0].code == "Resource":
            if not element.children:
                return None
            elements = element.children
        else:
            elements = registry.type(types[0].code).elements
    return None
