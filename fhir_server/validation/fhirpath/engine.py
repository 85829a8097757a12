"""FHIRPath evaluation: by the compiler of this package if it knows the types, else by the fhirpath library.

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
from fhir_server.validation.fhirpath.comparison import bare_value
from fhir_server.validation.fhirpath.compiled import Compiled, Items, Scope, TooManySteps, Unsupported
from fhir_server.validation.fhirpath.compiler import ExpressionCompiler
from fhir_server.validation.fhirpath.parser import SystemQuantity, parse
from fhir_server.validation.fhirpath.static_types import UNKNOWN, StaticType, Types


class CompiledFhirPath(FhirPath):
    """Evaluates expressions by the compiler of invariants, so that search parameters and patches agree."""

    def __init__(self, registry: Registry) -> None:
        super().__init__()
        self._types = Types(registry)
        self._parsed = lru_cache(maxsize=EXPRESSIONS_MAX)(parse)
        self._code = lru_cache(maxsize=EXPRESSIONS_MAX)(self._compile)

    def check(self, expression: str) -> None:
        """Raises `FhirPathError` for an expression that cannot be parsed."""
        self._parsed(expression)

    def prepare(self, expression: str) -> None:
        """Like `check`, and also parse it by the library, so that only evaluation is left to do."""
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
        """Same as the library's method, which also evaluates what cannot be compiled."""
        found = None if environment else self._evaluate_compiled(expression, focus, type, resource, resolver)
        if found is not None:
            return [value for value in map(_library_value, found[0]) if value is not None]
        return super().evaluate(
            expression, focus, type=type, resource=resource, environment=environment, resolver=resolver
        )

    def nodes(self, expression: str, focus: Any) -> list[Node]:
        """Same as the library's method, which also evaluates what cannot be compiled or typed statically."""
        found = self._evaluate_compiled(expression, focus)
        nodes = _nodes(*found) if found is not None else None
        return super().nodes(expression, focus) if nodes is None else nodes

    def _evaluate_compiled(
        self,
        expression: str,
        focus: Any,
        type: str | None = None,
        resource: Any = None,
        resolver: Resolver | None = None,
    ) -> tuple[Items, StaticType] | None:
        """The result of the compiled expression and its static type; None to use the library instead."""
        root = focus if resource is None else resource
        type_name = type or (focus.get("resourceType") if isinstance(focus, Mapping) else None)
        code = self._code(expression, type_name) if isinstance(type_name, str) else None
        if code is None:
            return None
        resolve = resolver or type_only_resolver(root)
        scope = Scope(root, root, resolve, lambda *_: None, context=focus)
        try:
            return code.run(focus, scope), code.static_type
        except Unsupported:
            return None
        except TooManySteps as error:
            raise FhirPathTooCostly(f"{expression}: {error}") from error
        except (TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
            raise FhirPathError(f"{expression}: {error}") from error

    def _compile(self, expression: str, type: str) -> Compiled | None:
        """The expression compiled for a type; None if it cannot be. Raises `FhirPathError` for invalid
        syntax.
        """
        static_type = self._types.of_type(type)
        if static_type is UNKNOWN:
            return None
        try:
            return ExpressionCompiler(self._types, static_type, static_type).compile(self._parsed(expression))
        except Unsupported:
            return None
        except RecursionError as error:
            raise FhirPathError(f"{expression[:80]}: nested too deep") from error


def _nodes(items: Items, static_type: StaticType) -> list[Node] | None:
    """The items with their types; None if a type is unknown."""
    found = []
    for item in items:
        value, type = _library_value(item), _type_of(item, static_type)
        if type is None:
            return None
        if value is not None:
            found.append(Node(value, type))
    return found


def _type_of(item: Any, static_type: StaticType) -> str | None:
    value = exact_numbers(bare_value(item))
    if type(value) is dict and "resourceType" in value:
        return str(value["resourceType"])
    if type(value) is SystemQuantity:
        return "Quantity"
    if type(value) is Decimal or type(value) is bool:
        return "decimal" if type(value) is Decimal else "boolean"
    names = static_type.types - {"BackboneElement"}
    return next(iter(names)) if len(names) == len(static_type.types) == 1 else None


def _library_value(item: Any) -> Any:
    """An item in the form the library returns; None for a primitive that has only extensions."""
    value = exact_numbers(bare_value(item))
    if type(value) is SystemQuantity:
        return {"value": value.value, "unit": value.unit}
    return value
