"""FHIRPath expressions of a Questionnaire, evaluated on a response.

http://hl7.org/fhir/uv/sdc/STU3/expressions.html
"""

from collections.abc import Callable
from functools import cached_property, lru_cache
from typing import Any

from fhir_server.core.fhirpath import FhirPath, FhirPathError
from fhir_server.definitions.registry import Registry
from fhir_server.validation.fhirpath.comparison import bare_value
from fhir_server.validation.fhirpath.compiled import Compiled, Scope, StepBudget, Unsupported
from fhir_server.validation.fhirpath.compiler import ExpressionCompiler
from fhir_server.validation.fhirpath.library_time import counted_library_time
from fhir_server.validation.fhirpath.parser import parse
from fhir_server.validation.fhirpath.static_types import Types

Element = dict[str, Any]


class ResponseExpressions:
    """Evaluates expressions on one response within one step budget. `response` is called on first use."""

    def __init__(self, response: Callable[[], Element], paths: FhirPath, budget: StepBudget) -> None:
        self._response = response
        self._paths = paths
        self._budget = budget

    def evaluate(self, expression: str) -> list[Any]:
        """The values of an expression; by compiled code if possible, which is many times faster. Raises
        `FhirPathError`.
        """
        code, scope = _compiled(expression), self._scope
        if code is not None:
            try:
                return [bare_value(item) for item in code.run(scope.resource, scope)]
            except (Unsupported, TypeError, KeyError, AttributeError, ArithmeticError, RecursionError):
                pass  # the library decides
        with counted_library_time(expression, scope):
            return self._paths.evaluate(expression, scope.resource)

    @cached_property
    def _scope(self) -> Scope:
        response = self._response()
        return Scope(response, response, _nothing, _nothing, context=response, budget=self._budget)


@lru_cache(maxsize=256)
def _compiled(expression: str) -> Compiled | None:
    """The expression compiled for QuestionnaireResponse, the same in every guide; None if it cannot be."""
    types = Types(Registry.r4())
    static_type = types.of_type("QuestionnaireResponse")
    try:
        return ExpressionCompiler(types, static_type, static_type).compile(parse(expression))
    except (Unsupported, FhirPathError, RecursionError):
        return None


def _nothing(*_: Any) -> None:
    return None
