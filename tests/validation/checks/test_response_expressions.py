"""Expressions of a Questionnaire on one response."""

import pytest

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.checks.response_expressions import ResponseExpressions
from fhir_server.validation.fhirpath.compiled import StepBudget
from tests.validation.checks.runner import PATHS

RESPONSE = {
    "resourceType": "QuestionnaireResponse",
    "item": [{"linkId": "a", "answer": [{"valueInteger": 2}]}],
}
COMPILED = "(0 | 1 | 2 | 3).select((0 | 1 | 2 | 3).select($this + 1)).count()"
BY_LIBRARY = f"{COMPILED}.type().exists()"


def expressions(steps: int) -> ResponseExpressions:
    return ResponseExpressions(lambda: RESPONSE, PATHS, StepBudget(steps))


@pytest.mark.parametrize(
    ("expression", "values"),
    [("item.answer.value", [2]), ("%resource.item.linkId", ["a"]), (COMPILED, [16]), (BY_LIBRARY, [True])],
)
def test_they_are_evaluated_compiled_or_by_the_library(expression: str, values: list[object]) -> None:
    assert expressions(1_000_000).evaluate(expression) == values


@pytest.mark.parametrize("expression", [COMPILED, BY_LIBRARY])
def test_all_expressions_on_a_response_have_one_budget(expression: str) -> None:
    many = expressions(5_000)
    with pytest.raises(FhirPathError, match="steps"):
        [many.evaluate(expression) for _ in range(1_000)]


def test_what_cannot_be_read_is_told() -> None:
    with pytest.raises(FhirPathError):
        expressions(1_000_000).evaluate("item.where(")
