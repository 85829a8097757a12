"""Questionnaires whose items disagree with each other."""

from typing import Any

import pytest

from fhir_server.validation.checks.questionnaire import QuestionnaireCheck
from tests.validation.checks.runner import Runner

Items = list[dict[str, Any]]

SMOKES: dict[str, Any] = {"linkId": "smokes", "type": "boolean"}
COUNT: dict[str, Any] = {"linkId": "count", "type": "integer"}


def asks(question: str, operator: str = "=", **answer: Any) -> dict[str, Any]:
    return {"question": question, "operator": operator, **(answer or {"answerBoolean": True})}


def problems(run: Runner, items: Items) -> Any:
    questionnaire = {"resourceType": "Questionnaire", "status": "draft", "item": items}
    return run.found(QuestionnaireCheck(), questionnaire)


@pytest.mark.parametrize(
    "items",
    [
        [SMOKES, COUNT | {"enableWhen": [asks("smokes")]}],
        [SMOKES, COUNT | {"enableWhen": [asks("smokes", "exists")]}],
        [COUNT, SMOKES | {"enableWhen": [asks("count", ">", answerInteger=3)]}],
        [{"linkId": "g", "type": "group", "item": [SMOKES, COUNT | {"enableWhen": [asks("smokes")]}]}],
        [SMOKES | {"item": [COUNT | {"enableWhen": [asks("smokes")]}]}],
        [COUNT | {"initial": [{"valueInteger": 3}]}, {"linkId": "d", "type": "display"}],
        [{"linkId": "c", "type": "choice", "answerOption": [{"valueString": "a"}, {"valueInteger": 1}]}],
    ],
)
def test_items_that_agree_give_no_issue(run: Runner, items: Items) -> None:
    assert problems(run, items) == []


WHERE = "Questionnaire.item[1].enableWhen[0]"


@pytest.mark.parametrize(
    ("condition", "severity", "key", "place"),
    [
        (asks("nobody"), "error", "enable-when-question", f"{WHERE}.question"),
        (asks("count"), "error", "enable-when-question", f"{WHERE}.question"),
        (asks("below"), "error", "enable-when-question", f"{WHERE}.question"),
        (asks("after"), "warning", "enable-when-order", f"{WHERE}.question"),
        (asks("shown"), "warning", "enable-when-question", f"{WHERE}.question"),
        (asks("smokes", answerString="yes"), "warning", "enable-when-answer", f"{WHERE}.answer"),
        (asks("smokes", ">", answerBoolean=False), "warning", "enable-when-operator", f"{WHERE}.operator"),
    ],
)
def test_a_condition_that_cannot_be_met_is_told_at_its_place(
    run: Runner, condition: dict[str, Any], severity: str, key: str, place: str
) -> None:
    conditional = COUNT | {"enableWhen": [condition], "item": [{"linkId": "below", "type": "string"}]}
    shown_group = SMOKES | {"item": [{"linkId": "shown", "type": "display"}]}
    items = [shown_group, conditional, {"linkId": "after", "type": "boolean"}]
    assert problems(run, items) == [(severity, key, place)]


def test_two_conditions_need_a_behaviour(run: Runner) -> None:
    both = COUNT | {"enableWhen": [asks("smokes"), asks("smokes", "exists")]}
    assert problems(run, [SMOKES, both]) == [
        ("warning", "enable-behavior", "Questionnaire.item[1].enableBehavior")
    ]
    assert problems(run, [SMOKES, both | {"enableBehavior": "all"}]) == []


def test_values_fit_the_type_of_their_item(run: Runner) -> None:
    items = [COUNT | {"initial": [{"valueString": "3"}]}, SMOKES | {"answerOption": [{"valueInteger": 1}]}]
    assert problems(run, items) == [
        ("warning", "value-type", "Questionnaire.item[0].initial[0].value"),
        ("warning", "value-type", "Questionnaire.item[1].answerOption[0].value"),
    ]
