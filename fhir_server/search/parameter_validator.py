"""Checks that the server can use a SearchParameter of a client, before it is stored.

https://hl7.org/fhir/R4/searchparameter.html
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.core.safe_regex import PatternError, compiled_pattern
from fhir_server.core.time_limit import TimeLimitExceeded, time_limit
from fhir_server.definitions.registry import Registry
from fhir_server.definitions.search_parameters import SearchParameter, search_parameter_from_resource
from fhir_server.issues import Issue, IssueType, Text
from fhir_server.search import messages
from fhir_server.search.expression_paths import ComplexExpression, Path, parse_paths, parse_presence
from fhir_server.search.extract import EVALUATION_SECONDS_MAX
from fhir_server.search.index_plan import IndexPlanBuilder, kind_of
from fhir_server.search.parameters import nearest
from fhir_server.search.path_resolver import PathResolver, PathTarget
from fhir_server.search.types.context import Indexing
from fhir_server.search.types.kinds import KINDS

Resource = Mapping[str, Any]

ACTIVE = "active"
COMPONENTS_MIN = 2
EXPRESSION_MAX = 4_000
"""Characters of an expression, since every process has to parse it. The longest of R4 has 1,386."""
READING_SECONDS_MAX = 2.0

_CODE = re.compile(r"-?[A-Za-z][A-Za-z0-9_-]*")
_TYPES = ("composite", "date", "number", "quantity", "reference", "string", "token", "uri")


class SearchParameterValidator:
    """Checks SearchParameters against the definitions of a registry, which do not include the checked one."""

    def __init__(self, registry: Registry, indexing: Indexing, fhirpath: FhirPath) -> None:
        self._registry = registry
        self._resolver = PathResolver(registry)
        self._builder = IndexPlanBuilder(registry, indexing)
        self._fhirpath = fhirpath

    def validate(self, resource: Resource) -> list[Issue]:
        """The issues of a structurally valid SearchParameter; none for one that is not active."""
        if resource["status"] != ACTIVE:
            return []
        parameter = search_parameter_from_resource(resource)
        of_r4 = self._of_r4(parameter.url)
        if of_r4 is not None:
            taken = _issue(messages.DEFINITION_URL_OF_R4(url=parameter.url), "url")
            return [] if _same(parameter, of_r4) else [taken]
        problems = [
            *self._url_problems(resource),
            *self._type_problems(parameter),
            *self._base_problems(parameter),
        ]
        if problems:
            return problems
        derived_from = resource.get("derivedFrom", "").partition("|")[0]
        return [*self._code_problems(parameter, derived_from), *self._expression_problems(parameter)]

    def _of_r4(self, url: str) -> SearchParameter | None:
        """R4's own parameter of that url, unless a guide or a client defines it."""
        if self._registry.canonical(url, "SearchParameter") is not None:
            return None
        return self._registry.search_parameter(url)

    def _url_problems(self, resource: Resource) -> Iterator[Issue]:
        for other in self._registry.stored:
            if other["url"] == resource["url"] and other["status"] == ACTIVE:
                reference = f"SearchParameter/{other['id']}"
                yield _issue(messages.DEFINITION_URL_TAKEN(url=other["url"], reference=reference), "url")

    def _type_problems(self, parameter: SearchParameter) -> Iterator[Issue]:
        if parameter.type not in _TYPES:
            text = messages.DEFINITION_TYPE(type=parameter.type, valid=", ".join(_TYPES))
            yield _issue(text, "type", "not-supported")

    def _base_problems(self, parameter: SearchParameter) -> Iterator[Issue]:
        for place, base in enumerate(parameter.base):
            if not self._registry.resource_types_of(base):
                near = nearest(base, self._registry.resource_types)
                yield _issue(messages.DEFINITION_BASE(base=base, nearest=near), f"base[{place}]")

    def _code_problems(self, parameter: SearchParameter, derived_from: str) -> Iterator[Issue]:
        if not _CODE.fullmatch(parameter.code):
            yield _issue(messages.DEFINITION_CODE(code=parameter.code), "code")
            return
        for type in self._types(parameter):
            known = self._registry.search_parameters(type).get(parameter.code)
            if known is None or known.url == parameter.url:
                continue
            if known.url != derived_from or known.type != parameter.type:
                text = messages.DEFINITION_CODE_TAKEN(
                    code=parameter.code, type=type, url=known.url, kind=known.type
                )
                yield _issue(text, "code", "duplicate")
                return

    def _types(self, parameter: SearchParameter) -> Iterator[str]:
        for base in parameter.base:
            yield from self._registry.resource_types_of(base)

    # expressions

    def _expression_problems(self, parameter: SearchParameter) -> Iterator[Issue]:
        long = [*_too_long(parameter)]
        if not parameter.expression:
            yield _issue(messages.DEFINITION_EXPRESSION_NEEDED(), "expression")
        elif long:
            yield from long
        elif parameter.type == "composite":
            yield from self._composite_problems(parameter)
        else:
            for base in parameter.base:
                yield from self._values_problems(parameter, parameter.expression, base)

    def _composite_problems(self, parameter: SearchParameter) -> Iterator[Issue]:
        known = [*self._component_problems(parameter)]
        yield from known
        if known:
            return
        for base in parameter.base:
            try:
                yield from self._part_problems(parameter, base)
            except ComplexExpression:
                yield _issue(messages.DEFINITION_COMPOSITE_NOT_PLAIN(), "expression", "not-supported")

    def _component_problems(self, parameter: SearchParameter) -> Iterator[Issue]:
        """The issues of a composite's components: too few, unknown, or of a type that cannot be combined."""
        if len(parameter.components) < COMPONENTS_MIN:
            yield _issue(messages.DEFINITION_COMPONENTS_NEEDED(), "component")
        for place, component in enumerate(parameter.components):
            found = self._registry.search_parameter(component.definition)
            where = f"component[{place}].definition"
            if found is None:
                text = messages.DEFINITION_COMPONENT_UNKNOWN(url=component.definition)
                yield _issue(text, where, "not-found")
            elif found.type not in KINDS:
                text = messages.DEFINITION_COMPONENT_TYPE(url=found.url, type=found.type)
                yield _issue(text, where)

    def _part_problems(self, parameter: SearchParameter, base: str) -> Iterator[Issue]:
        """The issues of a composite's expressions: they select no part of `base`, or no component in it."""
        parts = self._targets(parse_paths(parameter.expression or ""), base)
        if not parts:
            yield _issue(messages.DEFINITION_LEADS_NOWHERE(type=base), "expression")
            return
        for place, component in enumerate(parameter.components):
            paths = parse_paths(component.expression)
            if not any(self._targets(paths, base, part) for part in parts):
                text = messages.DEFINITION_LEADS_NOWHERE(type=base)
                yield _issue(text, f"component[{place}].expression")

    def _values_problems(self, parameter: SearchParameter, expression: str, base: str) -> Iterator[Issue]:
        """The issues of an expression: it selects nothing in `base`, or nothing that can be indexed."""
        try:
            paths = parse_presence(expression) or parse_paths(expression)
            targets = self._targets(paths, base)
        except ComplexExpression:
            yield from self._evaluation_problems(expression, base)
            return
        if not targets:
            yield _issue(messages.DEFINITION_LEADS_NOWHERE(type=base), "expression")
        elif not any(self._builder.indexer(parameter.code, kind_of(parameter), target) for target in targets):
            found = ", ".join(sorted({target.type for target in targets}))
            text = messages.DEFINITION_NOTHING_TO_INDEX(kind=parameter.type, found=found, type=base)
            yield _issue(text, "expression")

    def _targets(
        self, paths: tuple[Path, ...], base: str, part: PathTarget | None = None
    ) -> list[PathTarget]:
        """The elements that paths select; for an abstract base, in the first of its types with any."""
        for type in self._registry.resource_types_of(base):
            found = [resolved for path in paths for resolved in self._resolver.resolve(path, type, part)]
            if found:
                return [
                    value.target for one in found for value in self._resolver.resolve_extension_value(one)
                ]
        return []

    def _evaluation_problems(self, expression: str, base: str) -> Iterator[Issue]:
        empty = {"resourceType": self._registry.resource_types_of(base)[0]}
        try:
            with time_limit(READING_SECONDS_MAX):
                self._fhirpath.prepare(expression)
            with time_limit(EVALUATION_SECONDS_MAX):
                self._fhirpath.evaluate(expression, empty)
            for pattern in self._fhirpath.patterns(expression):
                compiled_pattern(pattern)
        except (FhirPathError, TimeLimitExceeded, PatternError) as error:
            yield _issue(messages.DEFINITION_EXPRESSION_BAD(reason=error), "expression")


def _same(parameter: SearchParameter, other: SearchParameter) -> bool:
    """Whether two definitions index the same values."""
    return (parameter.code, parameter.type, set(parameter.base), parameter.expression) == (
        other.code,
        other.type,
        set(other.base),
        other.expression,
    )


def _too_long(parameter: SearchParameter) -> Iterator[Issue]:
    """The issues of expressions, the parameter's own and its components', that are too long."""
    places = {"expression": parameter.expression or ""}
    places |= {
        f"component[{number}].expression": component.expression
        for number, component in enumerate(parameter.components)
    }
    for place, expression in places.items():
        if len(expression) > EXPRESSION_MAX:
            text = messages.DEFINITION_EXPRESSION_LONG(count=len(expression), limit=EXPRESSION_MAX)
            yield _issue(text, place, "too-costly")


def _issue(text: Text, place: str, code: IssueType = "invalid") -> Issue:
    return Issue("error", code, text, (f"SearchParameter.{place}",))
