"""FHIRPath by our own compiler where it knows the types, and by the library where it does not.

https://hl7.org/fhir/R4/fhirpath.html
"""

from collections.abc import Mapping
from contextlib import suppress
from decimal import Decimal
from functools import lru_cache
from typing import Any

from fhir_server.core.fhirpath import (
    EXPRESSIONS_MAX,
    FhirPath,
    FhirPathError,
    FhirPathTooCostly,
    Node,
    Resolver,
    exact_numbers,
    type_only_resolver,
)
from fhir_server.definitions.registry import Registry
from fhir_server.validation.fhirpath.comparison import plain
from fhir_server.validation.fhirpath.compiled import Code, Items, Scope, TooManySteps, Unsupported
from fhir_server.validation.fhirpath.compiler import ExpressionCompiler
from fhir_server.validation.fhirpath.parser import Measure, parse
from fhir_server.validation.fhirpath.static_types import UNKNOWN, Shape, Types


class CompiledPaths(FhirPath):
    """Evaluates expressions as rules are evaluated: search parameters and patches mean the same by them."""

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._types = Types(registry)
        self._parsed = lru_cache(maxsize=EXPRESSIONS_MAX)(parse)
        self._code = lru_cache(maxsize=EXPRESSIONS_MAX)(self._compiled_for)

    def check(self, expression: str) -> None:
        """Raises `FhirPathError` for an expression that cannot be read."""
        self._parsed(expression)

    def prepare(self, expression: str) -> None:
        """As `check`; nothing is left but to evaluate, by the library too where that can read it."""
        self._parsed(expression)
        with suppress(FhirPathError):
            super().prepare(expression)

    def evaluate(
        self,
        expression: str,
        focus: Any,
        *,
        type: str | None = None,
        resource: Any = None,
        environment: Mapping[str, Any] | None = None,
        resolver: Resolver | None = None,
    ) -> list[Any]:
        """As the library's, which also gives what is not compiled."""
        found = None if environment else self._found(expression, focus, type, resource, resolver)
        if found is not None:
            return [value for value in map(_value, found[0]) if value is not None]
        return super().evaluate(
            expression, focus, type=type, resource=resource, environment=environment, resolver=resolver
        )

    def nodes(self, expression: str, focus: Any) -> list[Node]:
        """As the library's, which also gives what is not compiled, or is of a type that only it can tell."""
        found = self._found(expression, focus)
        nodes = _nodes(*found) if found is not None else None
        return super().nodes(expression, focus) if nodes is None else nodes

    def _found(
        self,
        expression: str,
        focus: Any,
        type: str | None = None,
        resource: Any = None,
        resolver: Resolver | None = None,
    ) -> tuple[Items, Shape] | None:
        """What the compiled expression finds, and its shape; None for what is left to the library."""
        root = focus if resource is None else resource
        named = type or (focus.get("resourceType") if isinstance(focus, Mapping) else None)
        code = self._code(expression, named) if isinstance(named, str) else None
        if code is None:
            return None
        resolve = resolver or type_only_resolver(root)
        scope = Scope(root, root, resolve, lambda *_: None, context=focus)
        try:
            return code.run(focus, scope), code.shape
        except Unsupported:
            return None
        except TooManySteps as error:
            raise FhirPathTooCostly(f"{expression}: {error}") from error
        except (TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
            raise FhirPathError(f"{expression}: {error}") from error

    def _compiled_for(self, expression: str, type: str) -> Code | None:
        """The code of an expression on a type; None where there is none. Raises `FhirPathError` for one that
        cannot be read.
        """
        shape = self._types.of_type(type)
        if shape is UNKNOWN:
            return None
        try:
            return ExpressionCompiler(self._types, shape, shape).compiled(self._parsed(expression))
        except Unsupported:
            return None
        except RecursionError as error:
            raise FhirPathError(f"{expression[:80]}: nested too deep") from error


def _nodes(items: Items, shape: Shape) -> list[Node] | None:
    """The items with their types; None where these are not known."""
    found = []
    for item in items:
        value, type = _value(item), _type_of(item, shape)
        if type is None:
            return None
        if value is not None:
            found.append(Node(value, type))
    return found


def _type_of(item: Any, shape: Shape) -> str | None:
    value = exact_numbers(plain(item))
    if type(value) is dict and "resourceType" in value:
        return str(value["resourceType"])
    if type(value) is Measure:
        return "Quantity"
    if type(value) is Decimal or type(value) is bool:
        return "decimal" if type(value) is Decimal else "boolean"
    named = shape.types - {"BackboneElement"}
    return next(iter(named)) if len(named) == len(shape.types) == 1 else None


def _value(item: Any) -> Any:
    """An item as the library gives it; None where it has extensions alone."""
    value = exact_numbers(plain(item))
    if type(value) is Measure:
        return {"value": value.value, "unit": value.unit}
    return value
