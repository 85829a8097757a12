"""Checks of Questionnaires: conditions that can be met, and values of the items' types.

R4's invariants of Questionnaires (que-0 to que-13) are checked as such.
https://hl7.org/fhir/R4/questionnaire.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.issues import Issue, Text
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.checks.questionnaire_form import VALUE_TYPES, Form, Item, read_form, value_of
from fhir_server.validation.findings import quoted_list

ORDERED = frozenset({"Decimal", "Integer", "Date", "DateTime", "Time", "Quantity", "String"})
EQUALITY = ("exists", "=", "!=")


class QuestionnaireCheck:
    """Checks the items of a Questionnaire and their conditions on each other."""

    types = frozenset({"Questionnaire"})

    def check(self, resource: Resource, _context: CheckContext) -> Iterator[Issue]:
        form = read_form(resource)
        for item in form.items:
            place = _place(item)
            yield from _conditions(item, form, place)
            yield from _values(item, place)


def _place(item: Item) -> str:
    indexes = [f"item[{ancestor.index}]" for ancestor in item.ancestors()]
    return ".".join(["Questionnaire", *reversed(indexes)])


def _conditions(item: Item, form: Form, place: str) -> Iterator[Issue]:
    conditions = item.definition.get("enableWhen", ())
    for index, condition in enumerate(conditions):
        where = f"{place}.enableWhen[{index}]"
        problem = _target_problem(item, condition.get("question"), form)
        if problem is not None:
            yield finding("error", "business-rule", "enable-when-question", problem, f"{where}.question")
            continue
        target = form.by_link_id[condition["question"]]
        if target not in item.ancestors() and form.order(target) > form.order(item):
            text = messages.CONDITION_LATER(link_id=target.link_id)
            yield finding("warning", "business-rule", "enable-when-order", text, f"{where}.question")
        yield from _comparison(condition, target, where)
    if len(conditions) == 2 and "enableBehavior" not in item.definition:
        text = messages.BEHAVIOR_MISSING()
        yield finding("warning", "business-rule", "enable-behavior", text, f"{place}.enableBehavior")


def _target_problem(item: Item, link_id: Any, form: Form) -> Text | None:
    target = form.by_link_id.get(link_id)
    if target is None:
        return messages.CONDITION_UNKNOWN(link_id=link_id)
    if target is item:
        return messages.CONDITION_SELF()
    if item in target.ancestors():
        return messages.CONDITION_INSIDE(link_id=link_id)
    return None


def _comparison(condition: dict[str, Any], target: Item, where: str) -> Iterator[Issue]:
    """Check that operator and answer fit the question of the condition."""
    operator, answer = condition.get("operator"), value_of(condition, "answer")
    if target.type not in VALUE_TYPES:
        text = messages.CONDITION_NO_ANSWER(link_id=target.link_id, type=target.type)
        yield finding("warning", "business-rule", "enable-when-question", text, f"{where}.question")
    elif operator != "exists" and answer is not None:
        wanted = VALUE_TYPES[target.type]
        if answer.type not in wanted:
            text = messages.CONDITION_TYPE(
                found=answer.type, link_id=target.link_id, type=target.type, wanted=quoted_list(wanted)
            )
            yield finding("warning", "business-rule", "enable-when-answer", text, f"{where}.answer")
        elif operator not in EQUALITY and answer.type not in ORDERED:
            text = messages.CONDITION_ORDER(operator=operator, found=answer.type)
            yield finding("warning", "business-rule", "enable-when-operator", text, f"{where}.operator")


def _values(item: Item, place: str) -> Iterator[Issue]:
    """Check that initial values and options have a type that the question allows."""
    wanted = VALUE_TYPES.get(item.type)
    if wanted is None:
        return
    for element, template in (("initial", messages.INITIAL_TYPE), ("answerOption", messages.OPTION_TYPE)):
        for index, holder in enumerate(item.definition.get(element, ())):
            found = value_of(holder, "value")
            if found is not None and found.type not in wanted:
                text = template(type=item.type, found=found.type, wanted=quoted_list(wanted))
                yield finding("warning", "value", "value-type", text, f"{place}.{element}[{index}].value")
