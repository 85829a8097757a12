"""https://hl7.org/fhir/R4/codesystem-operation-lookup.html and its sisters $subsumes and $find-matches"""

from typing import Any

import pytest

from tests.codes.sample_terminology import CARE, FRAGMENT, LOOSE, ROOT, UNKNOWN, code_system
from tests.interactions.client import Answer, Client
from tests.operations.terminology.conftest import parameters, said


def properties(answer: Answer) -> list[tuple[str, Any]]:
    assert answer.status == 200, answer.content
    found = []
    for one in answer.content["parameter"]:
        if one["name"] == "property":
            parts = {part["name"]: next(v for k, v in part.items() if k != "name") for part in one["part"]}
            found.append((parts["code"], parts["value"]))
    return found


def look_up(client: Client, query: str, **how: Any) -> Answer:
    return client.get(f"CodeSystem/$lookup?{query}", **how)


def test_all_that_is_known_of_a_code(care: Client) -> None:
    answer = look_up(care, f"system={CARE}&code=visit")
    told = said(answer)
    assert (told["name"], told["version"], told["display"], told["abstract"]) == (
        "Care",
        "1.0.0",
        "Visit",
        False,
    )
    assert properties(answer) == [
        ("parent", "contact"),
        ("child", "home-visit"),
        ("inactive", False),
        ("place", "office"),
        ("minutes", 30),
    ]
    assert sum(parameter["name"] == "designation" for parameter in answer.content["parameter"]) == 3


def test_the_definition_and_the_abstract(care: Client) -> None:
    answer = look_up(care, f"system={CARE}&code=contact")
    assert said(answer)["abstract"] is True
    assert said(answer)["definition"] == "Any meeting"
    for wanted, is_told in (("definition", True), ("place", False)):
        answer = look_up(care, f"system={CARE}&code=contact&property={wanted}")
        assert ("definition" in said(answer)) is is_told


def test_the_name_and_the_display_are_always_told(care: Client) -> None:
    system = code_system(f"{ROOT}/plain", concept=[{"code": "a"}, {"code": "b", "display": "B"}])
    del system["name"]
    care.put("CodeSystem/plain", {**system, "id": "plain"})
    for code, shown in (("a", "a"), ("b", "B")):
        told = said(look_up(care, f"system={system['url']}&code={code}&displayLanguage=fr"))
        assert (told["name"], told["display"]) == (system["url"], shown)


def test_every_output_has_its_type_in_r4(care: Client) -> None:
    outputs = look_up(care, f"system={CARE}&code=visit").content["parameter"]
    parts = [part for output in outputs for part in output.get("part", [output]) if part["name"] != "value"]
    assert {(part["name"], *(part.keys() - {"name"})) for part in parts} == {
        ("name", "valueString"),
        ("version", "valueString"),
        ("display", "valueString"),
        ("system", "valueUri"),
        ("abstract", "valueBoolean"),
        ("language", "valueCode"),
        ("use", "valueCoding"),
        ("code", "valueCode"),
        ("description", "valueString"),
    }


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("property=place", [("place", "office")]),
        ("property=parent&property=minutes", [("parent", "contact"), ("minutes", 30)]),
        ("property=nothing", []),
    ],
)
def test_the_properties_asked_for(care: Client, wanted: str, expected: list[Any]) -> None:
    assert properties(look_up(care, f"system={CARE}&code=visit&{wanted}")) == expected


def test_the_language_asked_for(care: Client) -> None:
    assert said(look_up(care, f"system={CARE}&code=call&displayLanguage=fr"))["display"] == "Appel"
    answer = look_up(care, f"system={CARE}&code=call", accept_language="fr-FR")
    assert said(answer)["display"] == "Appel"
    assert sum(parameter["name"] == "designation" for parameter in answer.content["parameter"]) == 1


def test_a_coding_is_looked_up_as_its_code_is(care: Client) -> None:
    body = parameters(coding={"system": CARE, "code": "call"})
    assert said(care.post("CodeSystem/$lookup", body))["display"] == "Call"


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [("lang.fr", ["Visite"]), ("lang.fr&property=lang.de", ["Visite", "Besuch"]), ("lang.nl", [])],
)
def test_the_designations_of_a_language(care: Client, wanted: str, texts: list[str]) -> None:
    answer = look_up(care, f"system={CARE}&code=visit&property={wanted}")
    shown = [
        parameter["part"] for parameter in answer.content["parameter"] if parameter["name"] == "designation"
    ]
    assert [parts[-1]["valueString"] for parts in shown] == texts
    assert properties(answer) == []


def test_a_supplement_has_no_codes_of_its_own(care: Client) -> None:
    own = code_system(f"{ROOT}/CodeSystem/own", content="supplement", supplements=CARE)
    care.put("CodeSystem/own", {**own, "id": "own"})
    assert look_up(care, f"system={own['url']}&code=visit").status == 404


@pytest.mark.parametrize("beside", [{"code": "visit"}, {"system": CARE}])
def test_a_coding_is_named_in_one_way(care: Client, beside: dict[str, str]) -> None:
    body = parameters(coding={"system": CARE, "code": "call"}, **beside)
    assert care.post("CodeSystem/$lookup", body).status == 400


def test_code_systems_of_r4_and_grammars(care: Client) -> None:
    gender = "http://hl7.org/fhir/administrative-gender"
    assert said(look_up(care, f"system={gender}&code=female"))["display"] == "Female"
    assert said(look_up(care, "system=urn:iso:std:iso:4217&code=EUR"))["display"] == "Euro"
    assert said(look_up(care, "system=http://unitsofmeasure.org&code=mg"))["code"] == "mg"


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"system={CARE}&code=nothing", 404),
        (f"system={FRAGMENT}&code=F99", 404),
        (f"system={UNKNOWN}&code=x", 404),
        (f"system={CARE}&version=9&code=visit", 404),
        (f"system={CARE}|9&code=visit", 404),
        (f"system={CARE}|1.0.0&version=1.0.0&code=visit", 200),
        (f"system={CARE}", 400),
        ("code=visit", 400),
        (f"system={CARE}&code=visit&date=2020", 400),
    ],
)
def test_how_look_ups_are_answered(care: Client, query: str, status: int) -> None:
    assert look_up(care, query).status == status


@pytest.mark.parametrize(
    ("first", "second", "outcome"),
    [
        ("contact", "visit", "subsumes"),
        ("contact", "home-visit", "subsumes"),
        ("home-visit", "contact", "subsumed-by"),
        ("visit", "visit", "equivalent"),
        ("visit", "call", "not-subsumed"),
    ],
)
def test_subsumption_follows_the_hierarchy(care: Client, first: str, second: str, outcome: str) -> None:
    answer = care.get(f"CodeSystem/$subsumes?system={CARE}&codeA={first}&codeB={second}")
    assert said(answer) == {"outcome": outcome}
    codings = parameters(codingA={"system": CARE, "code": first}, codingB={"system": CARE, "code": second})
    assert said(care.post("CodeSystem/$subsumes", codings)) == {"outcome": outcome}


def test_subsumption_in_a_stored_code_system(care: Client) -> None:
    care.put("CodeSystem/own", {**code_system(f"{ROOT}/CodeSystem/own"), "id": "own"})
    assert said(care.get("CodeSystem/own/$subsumes?codeA=contact&codeB=call")) == {"outcome": "subsumes"}
    without_url = code_system()
    del without_url["url"]
    care.put("CodeSystem/nameless", {**without_url, "id": "nameless"})
    assert care.get("CodeSystem/nameless/$subsumes?codeA=contact&codeB=call").status == 422


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"system={CARE}&codeA=contact", 400),
        ("codeA=contact&codeB=call", 400),
        (f"system={CARE}&codeA=contact&codeB=nothing", 404),
        (f"system={UNKNOWN}&codeA=contact&codeB=call", 404),
        ("system=urn:ietf:bcp:47&codeA=fr&codeB=fr-FR", 422),
    ],
)
def test_subsumptions_that_are_refused(care: Client, query: str, status: int) -> None:
    assert care.get(f"CodeSystem/$subsumes?{query}").status == status


@pytest.mark.parametrize(
    ("first", "second", "more"),
    [
        ({"system": CARE}, {"system": LOOSE}, {}),
        ({"system": CARE}, {"system": CARE}, {"system": LOOSE}),
        ({"system": CARE, "version": "1.0.0"}, {"system": CARE, "version": "2.0.0"}, {}),
        ({"system": CARE}, {"system": CARE}, {"codeA": "call"}),
    ],
)
def test_codes_are_compared_in_one_system(
    care: Client, first: dict[str, str], second: dict[str, str], more: dict[str, str]
) -> None:
    codings = {"codingA": {**first, "code": "contact"}, "codingB": {**second, "code": "call"}}
    assert care.post("CodeSystem/$subsumes", parameters(**codings, **more)).status == 400
    care.put("CodeSystem/own", {**code_system(f"{ROOT}/CodeSystem/own"), "id": "own"})
    assert care.post("CodeSystem/own/$subsumes", parameters(**codings)).status == 400


def find(care: Client, *wanted: tuple[str, dict[str, Any]], **more: Any) -> Answer:
    body = parameters(system=CARE, **more)
    for code, value in wanted:
        part = [{"name": "code", "valueCode": code}, {"name": "value", **value}]
        body["parameter"].append({"name": "property", "part": part})
    return care.post("CodeSystem/$find-matches", body)


def test_codes_by_their_properties(care: Client) -> None:
    place, minutes = ("place", {"valueCode": "office"}), ("minutes", {"valueInteger": 30})
    answer = find(care, place, minutes)
    assert answer.content["parameter"] == [
        {
            "name": "match",
            "part": [{"name": "code", "valueCoding": {"system": CARE, "code": "visit", "display": "Visit"}}],
        }
    ]
    assert find(care, ("place", {"valueCode": "nowhere"})).content["parameter"] == []
    assert find(care).status == 400
    assert find(care, place, compositional=True).status == 501
