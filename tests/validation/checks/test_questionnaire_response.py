"""Responses that do not answer their questionnaire as it asks."""

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.validation.checks.questionnaire_response import QuestionnaireResponseCheck
from tests.validation.checks.runner import Runner

Element = dict[str, Any]

URL = "https://example.org/Questionnaire/habits"
CORE = "http://hl7.org/fhir/StructureDefinition"
SDC = "http://hl7.org/fhir/uv/sdc/StructureDefinition"
PHQ9 = Path(__file__).parents[3] / "profiles" / "sesame" / "Questionnaire" / "phq-9.json"


def form(*items: Element, **more: Any) -> Element:
    return {"resourceType": "Questionnaire", "url": URL, "status": "active", "item": list(items), **more}


def question(link_id: str, type: str, **more: Any) -> Element:
    return {"linkId": link_id, "type": type, **more}


def answered(link_id: str, *values: Element, **more: Any) -> Element:
    return {"linkId": link_id, "answer": list(values), **more}


def extended(url: str, **value: Any) -> list[Element]:
    return [{"url": url, **value}]


def response(*items: Element, status: str = "completed", **more: Any) -> Element:
    found = {"resourceType": "QuestionnaireResponse", "questionnaire": URL, "status": status, **more}
    return found | ({"item": list(items)} if items else {})


def problems(run: Runner, questionnaire: Element, given: Element) -> list[tuple[str, str | None, str]]:
    run.known[URL] = questionnaire
    return run.found(QuestionnaireResponseCheck(), given)


R = "QuestionnaireResponse"
SMOKES = question("smokes", "boolean", required=True)
COUNT = question(
    "count",
    "integer",
    enableWhen=[{"question": "smokes", "operator": "=", "answerBoolean": True}],
    required=True,
)
DETAILS = question("details", "group", item=[question("since", "date"), question("brand", "string")])
HABITS = form(SMOKES, COUNT, DETAILS)
YES, NO = answered("smokes", {"valueBoolean": True}), answered("smokes", {"valueBoolean": False})


def test_a_response_as_it_should_be_has_no_issue(run: Runner) -> None:
    details = {"linkId": "details", "item": [answered("since", {"valueDate": "2020"})]}
    assert problems(run, HABITS, response(YES, answered("count", {"valueInteger": 3}), details)) == []
    assert problems(run, HABITS, response(NO)) == []


def test_an_unknown_questionnaire_is_a_warning(run: Runner) -> None:
    assert run.found(QuestionnaireResponseCheck(), response(YES)) == [
        ("warning", "questionnaire-known", f"{R}.questionnaire")
    ]


def test_a_response_without_questionnaire_is_told(run: Runner) -> None:
    given = response(YES)
    del given["questionnaire"]
    assert problems(run, HABITS, given) == [("information", "questionnaire-known", f"{R}.questionnaire")]


def test_a_contained_questionnaire_counts(run: Runner) -> None:
    inside = HABITS | {"id": "q"}
    given = response(questionnaire="#q", contained=[inside])
    assert run.found(QuestionnaireResponseCheck(), given) == [("error", "item-required", R)]


@pytest.mark.parametrize("status", ["in-progress", "stopped", "entered-in-error"])
def test_a_missing_answer_is_a_warning_until_the_response_is_completed(run: Runner, status: str) -> None:
    assert problems(run, HABITS, response(status=status)) == [("warning", "item-required", R)]
    assert problems(run, HABITS, response(status="amended")) == [("error", "item-required", R)]


@pytest.mark.parametrize(
    ("items", "wanted"),
    [
        ([YES], [("error", "item-required", R)]),
        ([NO, answered("count", {"valueInteger": 1})], [("error", "item-enabled", f"{R}.item[1]")]),
        ([NO, answered("nobody")], [("error", "item-known", f"{R}.item[1].linkId")]),
        (
            [NO, answered("brand", {"valueString": "x"})],
            [("error", "item-place", f"{R}.item[1]")],
        ),
        (
            [{"linkId": "details", "item": [answered("since", {"valueDate": "2020"})]}, NO],
            [("error", "item-order", f"{R}.item[1]")],
        ),
        ([NO, NO], [("error", "item-repeats", f"{R}.item[1]")]),
        (
            [answered("smokes", {"valueBoolean": False}, {"valueBoolean": False})],
            [("error", "item-repeats", f"{R}.item[0].answer[1]")],
        ),
        ([NO | {"text": "Other"}], [("error", "item-text", f"{R}.item[0].text")]),
        (
            [answered("smokes", {"valueString": "no"})],
            [("error", "answer-type", f"{R}.item[0].answer[0].value.ofType(string)")],
        ),
        (
            [NO, answered("details", {"valueString": "x"})],
            [("error", "answer-type", f"{R}.item[1].answer")],
        ),
        (
            [NO | {"item": [answered("x")]}],
            [("error", "item-place", f"{R}.item[0].item")],
        ),
    ],
)
def test_what_differs_from_the_form_is_told_at_its_place(
    run: Runner, items: list[Element], wanted: list[tuple[str, str, str]]
) -> None:
    assert problems(run, HABITS, response(*items)) == wanted


@pytest.mark.parametrize(
    ("inside", "found"),
    [
        ({}, []),
        ({"item": [answered("brand", {"valueString": "x"})]}, [("error", "item-enabled", f"{R}.item[1]")]),
        (
            {"item": [answered("brand", {"valueInteger": 1})]},
            [
                ("error", "item-enabled", f"{R}.item[1]"),
                ("error", "answer-type", f"{R}.item[1].item[0].answer[0].value.ofType(integer)"),
            ],
        ),
    ],
)
def test_nothing_is_required_in_a_group_that_is_not_enabled(
    run: Runner, inside: Element, found: list[Any]
) -> None:
    items = [question("since", "date", required=True), question("brand", "string")]
    group = question("details", "group", required=True, enableWhen=COUNT["enableWhen"], item=items)
    assert problems(run, form(SMOKES, group), response(NO, {"linkId": "details"} | inside)) == found


@pytest.mark.parametrize(
    ("operator", "wanted", "given", "enabled"),
    [
        ("exists", {"answerBoolean": True}, {"valueInteger": 1}, True),
        ("exists", {"answerBoolean": False}, {"valueInteger": 1}, False),
        ("=", {"answerInteger": 5}, {"valueInteger": 5}, True),
        ("=", {"answerInteger": 5}, {"valueInteger": 6}, False),
        ("!=", {"answerInteger": 5}, {"valueInteger": 6}, True),
        (">", {"answerInteger": 5}, {"valueInteger": 5}, False),
        (">=", {"answerInteger": 5}, {"valueInteger": 5}, True),
        ("<", {"answerInteger": 5}, {"valueInteger": 4}, True),
        ("<=", {"answerInteger": 5}, {"valueInteger": 6}, False),
        ("<", {"answerDate": "2026-03-01"}, {"valueDate": "2026-02-28"}, True),
        (
            ">",
            {"answerQuantity": {"value": 1, "system": "http://unitsofmeasure.org", "code": "kg"}},
            {"valueQuantity": {"value": 900, "system": "http://unitsofmeasure.org", "code": "g"}},
            False,
        ),
        (
            "=",
            {"answerCoding": {"system": "urn:s", "code": "a"}},
            {"valueCoding": {"system": "urn:s", "code": "a", "display": "A"}},
            True,
        ),
        ("=", {"answerCoding": {"code": "a"}}, {"valueCoding": {"system": "urn:s", "code": "a"}}, True),
        ("!=", {"answerCoding": {"code": "a"}}, {"valueCoding": {"system": "urn:s", "code": "a"}}, False),
        ("=", {"answerCoding": {"system": "urn:s", "code": "a"}}, {"valueCoding": {"code": "a"}}, False),
    ],
)
def test_every_operator_of_enable_when(
    run: Runner, operator: str, wanted: Element, given: Element, enabled: bool
) -> None:
    types = {"Integer": "integer", "Date": "date", "Quantity": "quantity", "Coding": "open-choice"}
    type = types[next(iter(given)).removeprefix("value")]
    condition = {"question": "first", "operator": operator, **wanted}
    questionnaire = form(question("first", type), question("then", "string", enableWhen=[condition]))
    found = problems(
        run, questionnaire, response(answered("first", given), answered("then", {"valueString": "x"}))
    )
    assert found == ([] if enabled else [("error", "item-enabled", f"{R}.item[1]")])


@pytest.mark.parametrize(("behavior", "needed"), [("all", False), ("any", True)])
def test_conditions_are_joined_as_enable_behavior_says(run: Runner, behavior: str, needed: bool) -> None:
    conditions = [{"question": name, "operator": "=", "answerBoolean": True} for name in ("a", "b")]
    last = question("c", "string", enableWhen=conditions, enableBehavior=behavior, required=True)
    questionnaire = form(question("a", "boolean"), question("b", "boolean"), last)
    found = problems(run, questionnaire, response(answered("a", {"valueBoolean": True})))
    assert found == ([("error", "item-required", R)] if needed else [])


def test_a_condition_asks_in_the_nearest_group(run: Runner) -> None:
    drug = question("drug", "group", repeats=True, item=[SMOKES, COUNT])
    one = {"linkId": "drug", "item": [YES, answered("count", {"valueInteger": 3})]}
    other = {"linkId": "drug", "item": [NO]}
    assert problems(run, form(drug), response(one, other)) == []


def test_items_below_an_answer(run: Runner) -> None:
    questionnaire = form(SMOKES | {"item": [question("why", "string", required=True)]})
    inside = {"valueBoolean": True, "item": [answered("why", {"valueInteger": 1})]}
    assert problems(run, questionnaire, response(answered("smokes", inside))) == [
        ("error", "answer-type", f"{R}.item[0].answer[0].item[0].answer[0].value.ofType(integer)")
    ]
    assert problems(run, questionnaire, response(YES)) == [
        ("error", "item-required", f"{R}.item[0].answer[0]")
    ]


KG = {"system": "http://unitsofmeasure.org", "code": "kg"}
VALUE = f"{R}.item[0].answer[0].value"


@pytest.mark.parametrize(
    ("item", "answer", "key"),
    [
        ({"type": "string", "maxLength": 3}, {"valueString": "abcd"}, "max-length"),
        ({"type": "text", "maxLength": 3}, {"valueString": "abcd"}, "max-length"),
        ({"extension": extended(f"{CORE}/minLength", valueInteger=3)}, {"valueString": "ab"}, "min-length"),
        ({"extension": extended(f"{CORE}/regex", valueString="[a-z]+")}, {"valueString": "A1"}, "pattern"),
        ({"extension": extended(f"{CORE}/minValue", valueInteger=0)}, {"valueInteger": -1}, "min-value"),
        ({"extension": extended(f"{CORE}/maxValue", valueInteger=27)}, {"valueInteger": 28}, "max-value"),
        (
            {"extension": extended(f"{CORE}/maxValue", valueDate="2026-12-31")},
            {"valueDate": "2027-01-01"},
            "max-value",
        ),
        (
            {"extension": extended(f"{SDC}/sdc-questionnaire-minQuantity", valueQuantity=KG | {"value": 1})},
            {"valueQuantity": KG | {"value": 900, "code": "g"}},
            "min-value",
        ),
        (
            {"extension": extended(f"{CORE}/maxValue", valueDecimal=json.number("1.5"))},
            {"valueDecimal": json.number("1e99999999999")},
            "max-value",
        ),
        (
            {"extension": extended(f"{CORE}/maxDecimalPlaces", valueInteger=1)},
            {"valueDecimal": json.number(Decimal("1.25"))},
            "max-decimal-places",
        ),
        (
            {"extension": extended(f"{CORE}/questionnaire-unitOption", valueCoding=KG)},
            {"valueQuantity": {"value": 1, "unit": "g"}},
            "unit",
        ),
        (
            {"extension": extended(f"{CORE}/questionnaire-unitValueSet", valueCanonical="urn:v")},
            {"valueQuantity": KG | {"value": 1, "code": "g"}},
            "unit",
        ),
        (
            {"extension": extended(f"{CORE}/mimeType", valueCode="image/")},
            {"valueAttachment": {"contentType": "text/plain"}},
            "media-type",
        ),
        (
            {"extension": extended(f"{CORE}/maxSize", valueDecimal=1)},
            {"valueAttachment": {"contentType": "text/plain", "size": 2_000_000}},
            "max-size",
        ),
        (
            {"extension": extended(f"{CORE}/maxSize", valueDecimal=json.number(Decimal("0.001")))},
            {"valueAttachment": {"contentType": "text/plain", "data": "QUJD" * 500}},
            "max-size",
        ),
        (
            {"extension": extended(f"{CORE}/questionnaire-referenceResource", valueCode="Patient")},
            {"valueReference": {"reference": "Practitioner/1"}},
            "reference-target",
        ),
        (
            {"type": "choice", "answerOption": [{"valueCoding": KG}]},
            {"valueCoding": KG | {"code": "g"}},
            "answer-option",
        ),
        (
            {"type": "choice", "answerValueSet": "urn:v"},
            {"valueCoding": KG | {"code": "g"}},
            "answer-value-set",
        ),
        ({"type": "choice", "answerValueSet": "urn:v"}, {"valueCoding": {"code": "kg"}}, "answer-value-set"),
        ({"type": "choice", "answerValueSet": "urn:v"}, {"valueString": "kg"}, "answer-type"),
        ({"type": "open-choice", "answerValueSet": "urn:v"}, {"valueInteger": 1}, "answer-type"),
        ({"type": "choice", "answerOption": [{"valueCoding": KG}]}, {"valueDate": "2024"}, "answer-type"),
        ({"type": "choice", "answerOption": [{"valueInteger": 1}]}, {"valueInteger": 2}, "answer-option"),
    ],
)
def test_an_answer_out_of_bounds_is_an_error_at_its_value(
    run: Runner, item: Element, answer: Element, key: str
) -> None:
    run.codes.value_sets["urn:v"] = {(KG["system"], "kg")}
    suffix = next(iter(answer)).removeprefix("value")
    usual = suffix[0].lower() + suffix[1:]
    type_name = suffix if suffix in ("Coding", "Quantity", "Attachment", "Reference") else usual
    questionnaire = form({"linkId": "q", "type": usual} | item)
    assert problems(run, questionnaire, response(answered("q", answer))) == [
        ("error", key, f"{VALUE}.ofType({type_name})")
    ]


def test_an_open_choice_takes_text_and_the_codes_it_offers(run: Runner) -> None:
    questionnaire = form(
        question("q", "open-choice", answerOption=[{"valueCoding": KG | {"display": "Kilo"}}])
    )

    def keys(answer: Element) -> list[tuple[str, str | None]]:
        found = problems(run, questionnaire, response(answered("q", answer)))
        return [(severity, key) for severity, key, _ in found]

    assert keys({"valueString": "stone"}) == []
    assert keys({"valueCoding": KG}) == []
    assert keys({"valueString": "kilo"}) == [("warning", "answer-option")]
    assert keys({"valueCoding": KG | {"code": "g"}}) == [("error", "answer-option")]


def test_an_exclusive_option_stands_alone(run: Runner) -> None:
    none = {
        "valueString": "none",
        "extension": extended(f"{CORE}/questionnaire-optionExclusive", valueBoolean=True),
    }
    questionnaire = form(question("q", "choice", repeats=True, answerOption=[none, {"valueString": "some"}]))
    both = response(answered("q", {"valueString": "none"}, {"valueString": "some"}))
    assert [key for _, key, _ in problems(run, questionnaire, both)] == ["option-exclusive"]


def test_a_contained_value_set_is_looked_into(run: Runner) -> None:
    concepts = [{"code": "a"}, {"code": "b"}]
    compose = {
        "include": [{"system": "urn:s", "concept": concepts}],
        "exclude": [{"system": "urn:s", "concept": [{"code": "b"}]}],
    }
    value_set = {"resourceType": "ValueSet", "id": "v", "status": "active", "compose": compose}
    questionnaire = form(question("q", "choice", answerValueSet="#v"), contained=[value_set])
    for code, wanted in (("a", []), ("b", ["answer-value-set"]), ("c", ["answer-value-set"])):
        given = response(answered("q", {"valueCoding": {"system": "urn:s", "code": code}}))
        assert [key for _, key, _ in problems(run, questionnaire, given)] == wanted


def test_a_value_set_that_is_not_known_is_a_warning(run: Runner) -> None:
    questionnaire = form(question("q", "choice", answerValueSet="urn:nowhere"))
    given = response(answered("q", {"valueCoding": KG}))
    assert problems(run, questionnaire, given) == [("warning", "answer-value-set", f"{VALUE}.ofType(Coding)")]


def test_a_pattern_that_may_run_away_is_a_warning(run: Runner) -> None:
    questionnaire = form(question("q", "string", extension=extended(f"{CORE}/regex", valueString="(a+)+b")))
    given = response(answered("q", {"valueString": "a" * 60}))
    assert problems(run, questionnaire, given) == [("warning", "pattern", f"{VALUE}.ofType(string)")]


@pytest.mark.parametrize(("count", "wanted"), [(1, ["min-occurs"]), (2, []), (3, []), (4, ["max-occurs"])])
def test_answers_are_as_many_as_min_and_max_occurs_allow(run: Runner, count: int, wanted: list[str]) -> None:
    bounds = [
        *extended(f"{CORE}/questionnaire-minOccurs", valueInteger=2),
        *extended(f"{CORE}/questionnaire-maxOccurs", valueInteger=3),
    ]
    questionnaire = form(question("q", "string", repeats=True, extension=bounds))
    given = response(answered("q", *[{"valueString": str(index)} for index in range(count)]))
    assert [key for _, key, _ in problems(run, questionnaire, given)] == wanted


# calculated answers


def phq9(ordinals: list[int], total: int | None, **more: Any) -> tuple[Element, Element]:
    questionnaire = json.parse(PHQ9.read_bytes())
    questions = [item for item in questionnaire["item"] if item.get("required")]
    items = [
        answered(item["linkId"], {"valueCoding": item["answerOption"][ordinal]["valueCoding"]})
        for item, ordinal in zip(questions, ordinals, strict=False)
    ]
    if total is not None:
        items.append(answered("44261-6", {"valueInteger": total}))
    return questionnaire, response(*items, **more)


def test_the_total_must_be_the_sum_of_the_ordinals(run: Runner) -> None:
    answers = [0, 1, 2, 3, 0, 1, 2, 3, 0]
    assert problems(run, *phq9(answers, 12)) == []
    assert problems(run, *phq9(answers, None)) == []
    assert problems(run, *phq9(answers, 13)) == [("error", "calculated-expression", f"{R}.item[9].answer[0]")]
    assert problems(run, *phq9(answers, 13, status="in-progress")) == [
        ("warning", "calculated-expression", f"{R}.item[9].answer[0]")
    ]


def test_an_incomplete_scale_has_no_total(run: Runner) -> None:
    found = problems(run, *phq9([1, 1], 2, status="in-progress"))
    assert ("warning", "calculated-expression", f"{R}.item[2].answer[0]") in found


@pytest.mark.parametrize("call", ["ordinal()", "weight()"])
@pytest.mark.parametrize(("total", "wanted"), [("3.0", []), ("4", ["calculated-expression"])])
def test_ordinals_are_those_of_the_options(run: Runner, call: str, total: str, wanted: list[str]) -> None:
    options = [
        {"valueCoding": {"code": name}, "extension": extended(f"{CORE}/ordinalValue", valueDecimal=ordinal)}
        for name, ordinal in (("low", 1), ("high", 2))
    ]
    expression = {
        "language": "text/fhirpath",
        "expression": f"%resource.descendants().where(linkId.startsWith('q')).answer.value.{call}.sum()",
    }
    calculated = extended(f"{SDC}/sdc-questionnaire-calculatedExpression", valueExpression=expression)
    questions = [question(name, "choice", answerOption=options) for name in ("q1", "q2")]
    total_item = question("total", "decimal", readOnly=True, extension=calculated)
    questionnaire = form(question("all", "group", item=questions), total_item)
    group = {
        "linkId": "all",
        "item": [
            answered("q1", {"valueCoding": {"code": "low"}}),
            answered("q2", {"valueCoding": {"code": "high"}}),
        ],
    }
    given = response(group, answered("total", {"valueDecimal": json.number(total)}))
    assert [key for _, key, _ in problems(run, questionnaire, given)] == wanted


def test_an_expression_that_fails_is_no_error(run: Runner) -> None:
    expression = {"language": "text/fhirpath", "expression": "%unknownVariable.where("}
    calculated = extended(f"{SDC}/sdc-questionnaire-calculatedExpression", valueExpression=expression)
    questionnaire = form(question("q", "integer", extension=calculated))
    given = response(answered("q", {"valueInteger": 1}))
    assert problems(run, questionnaire, given) == [
        ("information", "calculated-expression", f"{R}.item[0].answer[0]")
    ]


@pytest.mark.parametrize(
    ("expression", "wanted"),
    [
        ("%resource.item.where(linkId = 'a').answer.value", []),
        ("%resource.item.where(linkId = 'a').answer.value * 2", ["calculated-expression"]),
    ],
)
def test_decimals_are_equal_however_they_are_written(run: Runner, expression: str, wanted: list[str]) -> None:
    calculated = extended(
        f"{SDC}/sdc-questionnaire-calculatedExpression",
        valueExpression={"language": "text/fhirpath", "expression": expression},
    )
    questionnaire = form(question("a", "decimal"), question("b", "decimal", extension=calculated))
    given = response(
        answered("a", {"valueDecimal": json.number("1.50")}),
        answered("b", {"valueDecimal": json.number("1.5")}),
    )
    assert [key for _, key, _ in problems(run, questionnaire, given)] == wanted


def test_what_is_made_to_keep_a_server_busy_is_not_compared(run: Runner) -> None:
    many = form(*[question(str(number), "string") for number in range(2_000)])
    given = response(*[answered(f"x{number}", {"valueString": "y"}) for number in range(500)])
    assert problems(run, many, given) == [("warning", "questionnaire-known", R)]


def test_the_text_of_an_item_may_be_a_translation(run: Runner) -> None:
    french = [{"url": "lang", "valueCode": "fr"}, {"url": "content", "valueString": "Fumez-vous ?"}]
    translated = {"extension": [{"url": f"{CORE}/translation", "extension": french}]}
    questionnaire = form(SMOKES | {"text": "Do you smoke?", "_text": translated})
    for text, wanted in (("Do you smoke?", []), ("Fumez-vous ?", []), ("Fumez-vous", ["item-text"])):
        found = problems(run, questionnaire, response(NO | {"text": text}))
        assert [key for _, key, _ in found] == wanted
