"""https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig"""

from typing import Any

from tests.codes.sample_terminology import CARE, code_system, url
from tests.interactions.client import Answer, Client
from tests.operations.terminology.conftest import parameters


def asked(client: Client, *validations: Any, type: str = "ValueSet", **shared: Any) -> Answer:
    body = parameters(**shared)
    body["parameter"] += [{"name": "validation", "resource": one} for one in validations]
    return client.post(f"{type}/$batch-validate-code", body)


def results(answer: Answer) -> list[Any]:
    """The result of each validation, or the type of what it is answered with."""
    assert answer.status == 200
    found = [parameter["resource"] for parameter in answer.content["parameter"]]
    return [
        next((part["valueBoolean"] for part in one.get("parameter", ()) if part["name"] == "result"), None)
        if one["resourceType"] == "Parameters"
        else one["resourceType"]
        for one in found
    ]


def coding(code: str, **more: Any) -> dict[str, Any]:
    return parameters(coding={"system": CARE, "code": code, **more})


def test_each_validation_has_its_result(care: Client) -> None:
    answer = asked(care, coding("visit"), coding("call"), parameters(display="x"), url=url("visits"))
    assert results(answer) == [True, False, "OperationOutcome"]


def test_a_validation_says_what_all_say_for_itself(care: Client) -> None:
    wrong = coding("visit", display="Call")
    strict = {**wrong, "parameter": [*wrong["parameter"], {"name": "mode", "valueCode": "strict"}]}
    answer = asked(care, wrong, strict, url=url("visits"), mode="lenient-display-validation")
    assert results(answer) == [True, False]


def test_codes_of_code_systems_with_a_resource_sent(care: Client) -> None:
    own = code_system(f"{CARE}/own", concept=[{"code": "a"}])
    mine = parameters(coding={"system": own["url"], "code": "a"})
    assert results(asked(care, mine, coding("visit"), type="CodeSystem", tx_resource=own)) == [True, True]


def test_what_makes_no_sense(care: Client) -> None:
    assert asked(care, url=url("visits")).status == 400
    junk = {"resourceType": "Parameters", "parameter": [1]}
    assert (
        results(asked(care, None, "text", {"resourceType": "Patient"}, junk, url=url("visits")))
        == ["OperationOutcome"] * 4
    )
    many = asked(care, *[coding("visit")] * 501, url=url("visits"))
    assert (many.status, many.content["issue"][0]["code"]) == (400, "too-costly")
