"""Compiles invariants: to Python functions, to compiled FHIRPath, or to calls of the fhirpath library.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.definitions.elements import Invariant
from fhir_server.validation.fhirpath.compiled import Compiled, Run, Scope, Unsupported
from fhir_server.validation.fhirpath.compiler import ExpressionCompiler
from fhir_server.validation.fhirpath.library_time import counted_library_time
from fhir_server.validation.fhirpath.parser import parse
from fhir_server.validation.fhirpath.static_types import StaticType, Types
from fhir_server.validation.invariants.corrections import CORRECTIONS
from fhir_server.validation.invariants.native import NATIVE_INVARIANTS, REQUIRED_PROPERTIES, STRUCTURAL

Holds = Callable[[Any, Scope], bool]
"""Whether an invariant holds for an item. Raises `FhirPathError` if it cannot be evaluated."""


@dataclass(frozen=True, slots=True, eq=False)
class CompiledInvariant:
    """A compiled invariant. `holds` is None if its expression is invalid; `fault` then says why.

    If `required_property` is set, the invariant holds for every object without that property.
    """

    key: str
    severity: str
    human: str
    holds: Holds | None
    fault: str = ""
    required_property: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Focus:
    """The focus of an invariant: the element's static type, its path for the library, and its resource's
    type.
    """

    static_type: StaticType
    path: str
    resource: StaticType


class InvariantCompiler:
    """Compiles the invariants of definitions."""

    def __init__(self, types: Types, paths: FhirPath, errors_only: bool = False) -> None:
        self._types = types
        self._paths = paths
        self._errors_only = errors_only

    def compile_all(self, invariants: Iterable[Invariant], focus: Focus) -> tuple[CompiledInvariant, ...]:
        """Compile the invariants on a focus, except those that need not be checked."""
        return tuple(
            self._compiled_invariant(invariant, focus)
            for invariant in invariants
            if self._is_needed(invariant)
        )

    def _is_needed(self, invariant: Invariant) -> bool:
        """Whether an invariant must be checked.

        With `errors_only`, warnings are skipped unless their evaluation may fail, which is an error.
        """
        if invariant.key in STRUCTURAL:
            return False
        may_be_error = (
            invariant.severity == "error" or (invariant.key, invariant.expression) not in NATIVE_INVARIANTS
        )
        return may_be_error or not self._errors_only

    def _compiled_invariant(self, invariant: Invariant, focus: Focus) -> CompiledInvariant:
        key, severity, human = invariant.key, invariant.severity, invariant.human
        native = NATIVE_INVARIANTS.get((key, invariant.expression))
        if native is not None:
            return CompiledInvariant(
                key, severity, human, native, required_property=REQUIRED_PROPERTIES.get(native)
            )
        try:
            holds = self.holds(CORRECTIONS.get(invariant.expression, invariant.expression), focus)
        except FhirPathError as error:
            return CompiledInvariant(key, severity, human, None, str(error))
        return CompiledInvariant(key, severity, human, holds)

    def holds(self, expression: str, focus: Focus) -> Holds:
        """Compile an expression to a test. Raises `FhirPathError` for invalid syntax."""
        try:
            code = ExpressionCompiler(self._types, focus.static_type, focus.resource).compile(
                parse(expression)
            )
        except Unsupported:
            self._paths.check(expression)
            return self._by_library(expression, focus)
        except RecursionError as error:
            raise FhirPathError(f"{expression[:80]}: nested too deep") from error
        return self._compiled(expression, code, focus)

    def selection(self, expression: str, type: str) -> Run:
        """Compile an expression that selects from a resource of the type.

        Raises `Unsupported`, or `FhirPathError` for invalid syntax.
        """
        static_type = self._types.of_type(type)
        return ExpressionCompiler(self._types, static_type, static_type).compile(parse(expression)).run

    def _compiled(self, expression: str, code: Compiled, focus: Focus) -> Holds:
        test, fallback = code.test, self._by_library(expression, focus)

        def holds(item: Any, scope: Scope) -> bool:
            scope.context = item
            try:
                return test(item, scope) is True
            except Unsupported:
                return fallback(item, scope)
            except (TypeError, KeyError, AttributeError, RecursionError, ArithmeticError) as error:
                raise FhirPathError(f"{expression}: {error}") from error

        return holds

    def _by_library(self, expression: str, focus: Focus) -> Holds:
        paths, path = self._paths, focus.path

        def holds(item: Any, scope: Scope) -> bool:
            with counted_library_time(expression, scope):
                found = paths.evaluate(
                    expression,
                    item,
                    type=path,
                    resource=scope.resource,
                    environment={"rootResource": scope.root},
                    resolver=scope.resolve,
                )
            if len(found) > 1:
                raise FhirPathError(f"{expression}: several items where a condition is wanted")
            return bool(found) and found[0] is not False

        return holds
