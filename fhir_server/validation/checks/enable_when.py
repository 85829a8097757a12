"""Evaluation of enableWhen: which items of a Questionnaire the answers enable.

https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.validation.checks.answer_comparison import compared, fits
from fhir_server.validation.checks.questionnaire_form import Form, Item, TypedValue, value_of
from fhir_server.validation.checks.response_expressions import ResponseExpressions

Element = Mapping[str, Any]

EXPRESSION = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-enableWhenExpression"

ORDERS: Mapping[str, Callable[[int], bool]] = {
    ">": lambda order: order > 0,
    "<": lambda order: order < 0,
    ">=": lambda order: order >= 0,
    "<=": lambda order: order <= 0,
}


@dataclass(frozen=True, slots=True)
class Enablement:
    """Decides which items of one response are enabled.

    `within` are the items around an item, outermost first, each with its element of the response.
    """

    form: Form
    response: Element
    expressions: ResponseExpressions

    def enabled(self, item: Item, within: tuple[tuple[Item, Element], ...]) -> bool:
        """Whether the item is enabled; true if that cannot be decided."""
        expression = item.extension(EXPRESSION)
        if isinstance(expression, dict):
            return self._expression_holds(expression)
        conditions = item.definition.get("enableWhen", ())
        if not conditions:
            return True
        met = [self._is_met(condition, item, within) for condition in conditions]
        behavior = item.definition.get("enableBehavior")
        if behavior == "any" or len(met) == 1:
            return any(met)
        return behavior is None or all(met)

    def _expression_holds(self, expression: Mapping[str, Any]) -> bool:
        if expression.get("language") != "text/fhirpath" or "expression" not in expression:
            return True
        try:
            return self.expressions.evaluate(expression["expression"]) in ([True], [])
        except FhirPathError:
            return True

    def _is_met(self, condition: Element, item: Item, within: tuple[tuple[Item, Element], ...]) -> bool:
        answers = self._answers(condition.get("question"), item, within)
        wanted = value_of(condition, "answer")
        operator = condition.get("operator")
        if wanted is None:
            return True
        if operator == "exists":
            return bool(answers) == (wanted.value is True)
        return any(_compares(operator, answer, wanted) for answer in answers)

    def _answers(
        self, link_id: Any, item: Item, within: tuple[tuple[Item, Element], ...]
    ) -> list[TypedValue]:
        """The answers to a question, from the nearest group that holds it and the item with the condition."""
        target = self.form.by_link_id.get(link_id)
        if target is None:
            return []
        around = set(target.ancestors())
        common = next(
            (ancestor for ancestor in item.ancestors() if ancestor in around and ancestor is not item), None
        )
        focus = next((element for holder, element in reversed(within) if holder is common), self.response)
        return list(_answers_in(focus, link_id))


def _answers_in(focus: Element, link_id: str) -> Iterator[TypedValue]:
    """The answers to a question in an element of the response, the element itself included."""
    for answer in focus.get("answer", ()):
        if focus.get("linkId") == link_id and (found := value_of(answer, "value")):
            yield found
        for below in answer.get("item", ()):
            yield from _answers_in(below, link_id)
    for below in focus.get("item", ()):
        yield from _answers_in(below, link_id)


def _compares(operator: Any, answer: TypedValue, wanted: TypedValue) -> bool:
    """Whether the comparison of an answer with the expected one is true."""
    if operator in ("=", "!="):
        same = answer.type == wanted.type and fits(wanted.type, answer.value, wanted.value)
        return same is (operator == "=")
    order = compared(wanted.type, answer.value, wanted.value) if answer.type == wanted.type else None
    return order is not None and operator in ORDERS and ORDERS[operator](order)
