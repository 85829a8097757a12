"""https://hl7.org/fhir/R4/codesystem-operation-validate-code.html"""

import pytest

from tests.codes.sample_terminology import CARE, LOOSE, ROOT, UNKNOWN, code_system
from tests.interactions.client import Answer, Client
from tests.operations.terminology.conftest import kinds, parameters, said


def validate(client: Client, query: str) -> Answer:
    return client.get(f"CodeSystem/$validate-code?{query}")


def test_a_code_without_a_display_has_none(care: Client) -> None:
    own = code_system(f"{ROOT}/CodeSystem/own", concept=[{"code": "a"}], version="7")
    answer = care.post("CodeSystem/$validate-code", parameters(codeSystem=own, code="a"))
    assert said(answer) == {"code": "a", "system": own["url"], "version": "7", "result": True}
    assert {"name": "version", "valueString": "7"} in answer.content["parameter"]


def test_codes_of_a_code_system(care: Client) -> None:
    assert said(validate(care, f"url={CARE}&code=visit"))["result"] is True
    answer = validate(care, f"url={CARE}&code=nothing")
    assert said(answer) | {"issues": None, "message": None} == {
        "code": "nothing",
        "system": CARE,
        "result": False,
        "issues": None,
        "message": None,
    }
    assert kinds(answer) == [("error", "invalid-code")]
    assert said(validate(care, f"url={CARE}&code=visit&display=Appel"))["result"] is False
    assert said(validate(care, f"url={CARE}&code=letter&activeOnly=true"))["result"] is False


def test_codes_of_grammars(care: Client) -> None:
    units = "http://unitsofmeasure.org"
    assert said(validate(care, f"url={units}&code=mm[Hg]"))["result"] is True
    assert said(validate(care, f"url={units}&code=millimetre"))["result"] is False
    assert said(validate(care, "url=urn:ietf:bcp:47&code=fr-CA"))["result"] is True


def test_a_code_system_that_is_unknown_or_not_named(care: Client) -> None:
    answer = validate(care, f"url={UNKNOWN}&code=x")
    assert (said(answer)["result"], kinds(answer)) == (False, [("error", "not-found")])
    assert validate(care, "code=x").status == 400
    assert validate(care, f"url={CARE}").status == 400


def test_a_code_system_that_is_sent_or_stored(care: Client) -> None:
    own = code_system(f"{ROOT}/CodeSystem/own", concept=[{"code": "mine"}])
    body = parameters(codeSystem=own, code="mine")
    assert said(care.post("CodeSystem/$validate-code", body))["result"] is True
    care.put("CodeSystem/own", {**own, "id": "own"})
    assert said(care.get("CodeSystem/own/$validate-code?code=mine"))["result"] is True
    assert said(care.get("CodeSystem/own/$validate-code?code=yours"))["result"] is False


def test_a_concept_held_to_a_code_system(care: Client) -> None:
    coding = {"system": CARE, "code": "visit"}
    body = parameters(codeableConcept={"coding": [coding]})
    assert said(care.post("CodeSystem/$validate-code", body))["result"] is True
    body = parameters(codeableConcept={"coding": [{**coding, "code": "nothing"}]})
    assert said(care.post("CodeSystem/$validate-code", body))["result"] is False


def test_a_code_of_another_system_is_not_held_to_the_one_named(care: Client) -> None:
    other = {"system": LOOSE, "code": "visit"}
    for subject in ({"coding": other}, {"code": "visit", "system": LOOSE}):
        assert care.post("CodeSystem/$validate-code", parameters(url=CARE, **subject)).status == 400
    care.put("CodeSystem/own", {**code_system(f"{ROOT}/CodeSystem/own"), "id": "own"})
    assert care.post("CodeSystem/own/$validate-code", parameters(coding=other)).status == 400
    assert care.get(f"CodeSystem/own/$validate-code?url={CARE}&code=visit").status == 400


@pytest.mark.parametrize(("version", "status"), [("1.0.0", 200), ("1.x", 200), ("2.0.0", 400)])
def test_a_code_of_another_version_is_not_held_to_the_one_named(
    care: Client, version: str, status: int
) -> None:
    coding = {"system": CARE, "code": "visit", "version": version}
    body = parameters(url=f"{CARE}|1.0.0", coding=coding)
    assert care.post("CodeSystem/$validate-code", body).status == status
    care.put("CodeSystem/own", {**code_system(f"{ROOT}/CodeSystem/own"), "id": "own"})
    assert care.get(f"CodeSystem/own/$validate-code?code=visit&version={version}").status == status


def test_codings_of_other_systems_say_nothing_of_a_concept(care: Client) -> None:
    other, own = {"system": LOOSE, "code": "visit"}, {"system": CARE, "code": "visit"}
    body = parameters(url=CARE, codeableConcept={"coding": [other]})
    answer = care.post("CodeSystem/$validate-code", body)
    assert (said(answer)["result"], kinds(answer)) == (False, [("error", "invalid-data")])
    body = parameters(url=CARE, codeableConcept={"coding": [other, own]})
    answer = care.post("CodeSystem/$validate-code", body)
    assert (said(answer)["result"], said(answer)["system"]) == (True, CARE)
    assert kinds(answer) == [("information", "invalid-data")]
