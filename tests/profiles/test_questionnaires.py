"""The scales ask what the instruments ask, in French, with the verified LOINC codes."""

from typing import Any, NamedTuple

import pytest

from fhir_server.core.fhirpath import FhirPath
from fhir_server.definitions.registry import Registry
from mappings.sesame.guide import read_guide

GUIDE = read_guide()
QUESTIONNAIRES = {found["id"]: found for found in GUIDE.resources if found["resourceType"] == "Questionnaire"}
ORDINAL = "http://hl7.org/fhir/StructureDefinition/ordinalValue"
CALCULATED = "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-calculatedExpression"
STEM = (
    "Au cours des 2 dernières semaines, selon quelle fréquence avez-vous été gêné(e) "
    "par les problèmes suivants ?"
)
FREQUENCY = {
    "LA6568-5": (0, "Jamais"),
    "LA6569-3": (1, "Plusieurs jours"),
    "LA6570-1": (2, "Plus de la moitié du temps"),
    "LA6571-9": (3, "Presque tous les jours"),
}
PHQ9 = {
    "44250-9": "Peu d'intérêt ou de plaisir à faire les choses",
    "44255-8": "Être triste, déprimé(e) ou désespéré(e)",
    "44259-0": "Difficultés à s'endormir ou à rester endormi(e), ou dormir trop",
    "44254-1": "Se sentir fatigué(e) ou manquer d'énergie",
    "44251-7": "Avoir peu d'appétit ou manger trop",
    "44258-2": "Avoir une mauvaise opinion de soi-même, ou avoir le sentiment d'être nul(le), "
    "ou d'avoir déçu sa famille ou s'être déçu(e) soi-même",
    "44252-5": "Avoir du mal à se concentrer, par exemple, pour lire le journal ou regarder la télévision",
    "44253-3": "Bouger ou parler si lentement que les autres auraient pu le remarquer. Ou au contraire, "
    "être si agité(e) que vous avez eu du mal à tenir en place par rapport à d'habitude",
    "44260-8": "Penser qu'il vaudrait mieux mourir ou envisager de vous faire du mal "
    "d'une manière ou d'une autre",
}
GAD7 = {
    "69725-0": "Un sentiment de nervosité, d'anxiété ou de tension",
    "68509-9": "Une incapacité à arrêter de s'inquiéter ou à contrôler ses inquiétudes",
    "69733-4": "Une inquiétude excessive à propos de différentes choses",
    "69734-2": "Des difficultés à se détendre",
    "69735-9": "Une agitation telle qu'il est difficile à tenir en place",
    "69689-8": "Une tendance à être facilement contrarié(e) ou irritable",
    "69736-7": "Un sentiment de peur comme si quelque chose de terrible risquait de se produire",
}
PHQ2 = {code: PHQ9[code] for code in ("44250-9", "44255-8")}


class Scale(NamedTuple):
    """What the domain says of an instrument."""

    id: str
    panel: str
    questions: dict[str, str]
    total: str


SCALES = [
    Scale("phq-9", "44249-1", PHQ9, "44261-6"),
    Scale("gad-7", "69737-5", GAD7, "70274-6"),
    Scale("phq-2", "55757-9", PHQ2, "55758-7"),
]
each_scale = pytest.mark.parametrize("scale", SCALES, ids=lambda scale: scale.id)


def items(id: str, type: str) -> list[dict[str, Any]]:
    return [item for item in QUESTIONNAIRES[id]["item"] if item["type"] == type]


def ordinal(option: dict[str, Any]) -> Any:
    return next(found["valueDecimal"] for found in option["extension"] if found["url"] == ORDINAL)


def response(questions: dict[str, str], answers: list[int]) -> dict[str, Any]:
    codes = list(FREQUENCY)
    return {
        "resourceType": "QuestionnaireResponse",
        "status": "completed",
        "item": [
            {
                "linkId": code,
                "answer": [{"valueCoding": {"system": "http://loinc.org", "code": codes[answer]}}],
            }
            for code, answer in zip(questions, answers, strict=False)
        ],
    }


def calculated(id: str, answered: dict[str, Any]) -> list[Any]:
    (total,) = items(id, "integer")
    expression = next(found["valueExpression"] for found in total["extension"] if found["url"] == CALCULATED)
    assert expression["language"] == "text/fhirpath"
    return FhirPath().evaluate(expression["expression"], answered)


@each_scale
def test_panel_questions_and_total(scale: Scale) -> None:
    required = [item for item in items(scale.id, "choice") if item.get("required")]
    assert QUESTIONNAIRES[scale.id]["code"] == [{"system": "http://loinc.org", "code": scale.panel}]
    assert [(item["linkId"], item["text"]) for item in required] == list(scale.questions.items())
    assert [item["linkId"] for item in items(scale.id, "integer")] == [scale.total]
    assert [item["text"] for item in items(scale.id, "display")] == [STEM]


@each_scale
def test_link_ids_are_the_loinc_codes(scale: Scale) -> None:
    for item in (*items(scale.id, "choice"), *items(scale.id, "integer")):
        assert item["code"] == [{"system": "http://loinc.org", "code": item["linkId"]}]


@each_scale
def test_answers_carry_their_ordinal(scale: Scale) -> None:
    for item in items(scale.id, "choice"):
        if item["linkId"] in scale.questions:
            found = [
                (option["valueCoding"]["code"], (ordinal(option), option["valueCoding"]["display"]))
                for option in item["answerOption"]
            ]
            assert found == list(FREQUENCY.items())


@each_scale
def test_the_total_is_the_sum_of_all_answers(scale: Scale) -> None:
    count = len(scale.questions)
    for answers in ([0] * count, [3] * count, [1, 2, 3, 0, 1, 2, 3, 0, 1][:count]):
        assert calculated(scale.id, response(scale.questions, answers)) == [sum(answers)]


@each_scale
def test_an_incomplete_response_has_no_total(scale: Scale) -> None:
    answers = [3] * (len(scale.questions) - 1)
    assert calculated(scale.id, response(scale.questions, answers)) == []


def test_the_difficulty_question_is_listed_in_the_order_of_the_answer_list() -> None:
    (difficulty,) = [item for item in items("phq-9", "choice") if not item.get("required")]
    assert difficulty["linkId"] == "69722-7"
    assert [(o["valueCoding"]["code"], o["valueCoding"]["display"]) for o in difficulty["answerOption"]] == [
        ("LA6572-7", "Pas du tout difficile(s)"),
        ("LA6573-5", "Assez difficile(s)"),
        ("LA6575-0", "Très difficile(s)"),
        ("LA6574-3", "Extrêmement difficile(s)"),
    ]
    assert not any("extension" in option for option in difficulty["answerOption"])


@pytest.mark.parametrize("id", ["phq-9", "gad-7", "phq-2"])
def test_the_authors_and_loinc_are_named(id: str) -> None:
    assert "Pfizer" in QUESTIONNAIRES[id]["copyright"]
    assert "LOINC" in QUESTIONNAIRES[id]["copyright"]


def test_the_referral_form_asks_about_psychiatric_follow_up() -> None:
    question = QUESTIONNAIRES["adressage"]["item"][0]
    assert (question["linkId"], question["type"], question["required"]) == (
        "suivi-psychiatrique",
        "boolean",
        True,
    )


@pytest.mark.parametrize("id", sorted(QUESTIONNAIRES))
def test_base_rules_of_questionnaires_hold(id: str) -> None:
    questionnaire = QUESTIONNAIRES[id]
    assert questionnaire["language"] == "fr"
    for rule in Registry.r4().type("Questionnaire").invariants:
        if rule.severity == "error":
            assert FhirPath().evaluate(rule.expression, questionnaire) == [True], rule.key
