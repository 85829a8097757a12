"""References in the guide's other resources exist: search parameters, profiles, codes,
elements, questions.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from mappings.sesame.guide import read_guide
from tests.mappings.validity import PROFILES, REGISTRY
from tests.profiles.breakable_elements import element_of

GUIDE = read_guide()
VALIDATE = "http://hl7.org/fhir/OperationDefinition/Resource-validate"
ELSEWHERE = ("http://loinc.org", "https://hl7.fr/", "https://smt.esante.gouv.fr/")


def of(type: str) -> list[dict[str, Any]]:
    return [found for found in GUIDE.resources if found["resourceType"] == type]


def by_id(type: str, id: str) -> dict[str, Any]:
    return next(found for found in of(type) if found["id"] == id)


@pytest.mark.parametrize("actor", of("CapabilityStatement"), ids=lambda found: found["id"])
def test_an_actor_is_asked_for_what_the_server_can_offer(actor: dict[str, Any]) -> None:
    operations = {found["url"]: found["code"] for found in of("OperationDefinition")} | {VALIDATE: "validate"}
    (rest,) = actor["rest"]
    for asked in rest["resource"]:
        parameters = REGISTRY.search_parameters(asked["type"])
        for parameter in asked.get("searchParam", []):
            known = parameters[parameter["name"]]
            assert known.type == parameter["type"], parameter
            assert parameter.get("definition", known.url) == known.url
        for profile in asked.get("supportedProfile", []):
            assert PROFILES[profile]["type"] == asked["type"]
    for holder in (rest, *rest["resource"]):
        for operation in holder.get("operation", []):
            assert operations[operation["definition"]] == operation["name"]


def test_every_actor_of_the_programme_has_its_statement() -> None:
    assert {found["id"] for found in of("CapabilityStatement")} == {
        *("sesame-lgc", "sesame-hospital", "sesame-billing", "sesame-evaluation"),
    }


def mapped() -> Iterator[tuple[str, str]]:
    for found in of("ConceptMap"):
        for group in found["group"]:
            for element in group["element"]:
                yield group["source"], element["code"]
                for target in element["target"]:
                    if "code" in target:
                        yield group["target"], target["code"]


@pytest.mark.parametrize(("system", "code"), sorted(set(mapped())))
def test_what_is_mapped_exists(system: str, code: str) -> None:
    if code.startswith("$"):
        operation, _, parameter = code.removeprefix("$").partition(".")
        (described,) = [found for found in of("OperationDefinition") if found["code"] == operation]
        assert parameter in [found["name"] for found in described["parameter"]]
    elif system.startswith("http://hl7.org/fhir/StructureDefinition/"):
        assert element_of(plain(code))
    elif not system.startswith(ELSEWHERE):
        known = REGISTRY.code_system(system)
        assert known is not None
        assert code in known.by_code


def plain(path: str) -> str:
    """A path without slices, its choices as the type they are: `valueQuantity` is `value`."""
    names = [name.partition(":")[0] for name in path.split(".")]
    choices = {"valueQuantity": "value[x]", "valueReference": "value[x]"}
    return ".".join(choices.get(name, name) for name in names)


def test_each_column_of_the_export_is_filled_by_one_element() -> None:
    (group,) = by_id("ConceptMap", "claim-to-csv")["group"]
    targets = [target["code"] for element in group["element"] for target in element["target"]]
    columns = [concept["code"] for concept in by_id("CodeSystem", "sesame-claim-column")["concept"]]
    assert sorted(targets) == sorted(columns)


def test_every_state_of_a_referral_has_its_reflection() -> None:
    for group in by_id("ConceptMap", "referral-status")["group"]:
        known = REGISTRY.code_system(group["source"])
        assert known is not None
        left = {element["code"] for element in group["element"]} ^ set(known.by_code)
        assert left <= {"draft", "ready", "on-hold", "failed"}


def questions(items: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for item in items:
        yield item
        yield from questions(item.get("item", []))


@pytest.mark.parametrize("questionnaire", of("Questionnaire"), ids=lambda found: found["id"])
def test_the_answers_of_a_questionnaire_can_be_listed(questionnaire: dict[str, Any]) -> None:
    items = [*questions(questionnaire["item"])]
    assert len({item["linkId"] for item in items}) == len(items)
    for item in items:
        if "answerValueSet" in item:
            assert REGISTRY.codes(item["answerValueSet"])
        elif item["type"] == "choice":
            assert item["answerOption"]


def test_there_are_eight_questionnaires() -> None:
    assert {found["id"] for found in of("Questionnaire")} == {
        *("phq-9", "gad-7", "phq-2", "adressage", "evaluation-initiale"),
        *("satisfaction-patient", "satisfaction-professionnel", "prevention-rechute"),
    }


@pytest.mark.parametrize("id", ["satisfaction-patient", "satisfaction-professionnel"])
def test_a_satisfaction_survey_has_no_room_for_a_name(id: str) -> None:
    kinds = {item["type"] for item in questions(by_id("Questionnaire", id)["item"])}
    assert kinds <= {"choice", "boolean", "integer"}


@pytest.mark.parametrize("operation", of("OperationDefinition"), ids=lambda found: found["id"])
def test_an_operation_says_where_it_is_and_what_it_returns(operation: dict[str, Any]) -> None:
    assert operation["system"] or operation["type"] or operation["instance"]
    assert operation["system"] or operation["resource"]
    outputs = [found["name"] for found in operation["parameter"] if found["use"] == "out"]
    # A single `return` is the answer itself; several results are the parts of a Parameters resource.
    assert outputs
    assert len(set(outputs)) == len(outputs)
