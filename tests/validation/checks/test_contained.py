"""Contained resources that a reference cannot tell apart."""

from fhir_server.validation.checks.contained import ContainedCheck
from fhir_server.validation.checks.questionnaire_response import QuestionnaireResponseCheck
from tests.validation.checks.runner import Runner


def test_each_contained_resource_has_its_own_id(run: Runner) -> None:
    ids = ("a", "b", "a", "a")
    patient = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Organization", "id": id} for id in ids],
    }
    assert run.found(ContainedCheck(), patient) == [
        ("warning", "contained-id", "Patient.contained[2].id"),
        ("warning", "contained-id", "Patient.contained[3].id"),
    ]


def test_what_has_no_id_is_none_of_its_matters(run: Runner) -> None:
    patient = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Basic"}, {"resourceType": "Basic"}, 3],
    }
    assert run.found(ContainedCheck(), patient) == []


def test_a_contained_questionnaire_has_its_value_sets_beside_it(run: Runner) -> None:
    include = {"system": "urn:s", "concept": [{"code": "bleu"}]}
    value_set = {"resourceType": "ValueSet", "id": "v", "compose": {"include": [include]}}
    question = {"linkId": "q", "type": "choice", "answerValueSet": "#v"}
    questionnaire = {"resourceType": "Questionnaire", "id": "q", "item": [question]}
    for code, wanted in (("bleu", []), ("vert", ["answer-value-set"])):
        given = {
            "resourceType": "QuestionnaireResponse",
            "status": "completed",
            "questionnaire": "#q",
            "contained": [questionnaire, value_set],
            "item": [{"linkId": "q", "answer": [{"valueCoding": {"system": "urn:s", "code": code}}]}],
        }
        found = run.found(QuestionnaireResponseCheck(), given)
        assert [key for _, key, _ in found] == wanted
