"""https://hl7.org/fhir/R4/conceptmap-operation-translate.html"""

from typing import Any

import pytest

from tests.codes.sample_terminology import CARE, LOOSE, RESOURCES, ROOT, url
from tests.interactions.client import Answer, Client, ClientFactory
from tests.operations.terminology.conftest import parameters, said

MAP = f"{ROOT}/ConceptMap/care"
TARIFF = f"{ROOT}/CodeSystem/tariff"


def target(code: str, equivalence: str = "equivalent", **more: Any) -> dict[str, Any]:
    return {"code": code, "equivalence": equivalence, **more}


def concept_map(**group: Any) -> dict[str, Any]:
    elements = [
        {"code": "visit", "target": [target("C", "wider", display="Consultation")]},
        {
            "code": "home-visit",
            "target": [target("V", "narrower", comment="At the home only"), target("D", product=[PRODUCT])],
        },
        {"code": "letter", "target": [{"equivalence": "unmatched"}]},
        {
            "code": "call",
            "target": [target("T", dependsOn=[{"property": f"{ROOT}/time", "value": "night"}])],
        },
    ]
    return {
        "resourceType": "ConceptMap",
        "url": MAP,
        "version": "1.0",
        "status": "active",
        "sourceUri": url("all"),
        "targetUri": url("tariff"),
        "group": [{"source": CARE, "target": TARIFF, "element": elements, **group}],
    }


PRODUCT = {"property": f"{ROOT}/distance", "system": LOOSE, "value": "Alpha"}


@pytest.fixture
def mapped(knowing: ClientFactory) -> Client:
    return knowing(*RESOURCES, concept_map())


def translate(client: Client, query: str) -> Answer:
    return client.get(f"ConceptMap/$translate?{query}")


def matches(answer: Answer) -> list[tuple[str, str | None]]:
    said(answer)
    found = []
    for one in answer.content["parameter"]:
        if one["name"] == "match":
            parts = {part["name"]: part for part in one["part"]}
            code = parts["concept"]["valueCoding"]["code"] if "concept" in parts else None
            found.append((parts["equivalence"]["valueCode"], code))
    return found


def test_by_the_url_of_the_map(mapped: Client) -> None:
    answer = translate(mapped, f"url={MAP}&system={CARE}&code=visit")
    assert said(answer)["result"] is True
    (match,) = [parameter for parameter in answer.content["parameter"] if parameter["name"] == "match"]
    assert match["part"] == [
        {"name": "equivalence", "valueCode": "wider"},
        {"name": "concept", "valueCoding": {"system": TARIFF, "code": "C", "display": "Consultation"}},
        {"name": "source", "valueUri": MAP},
    ]


@pytest.mark.parametrize(
    "query",
    [
        f"url={MAP}&conceptMapVersion=1.0",
        f"url={MAP}|1.0",
        f"targetsystem={TARIFF}",
        f"source={url('all')}",
        f"target={url('tariff')}",
        "",
    ],
)
def test_ways_to_find_the_map(mapped: Client, query: str) -> None:
    assert matches(translate(mapped, f"system={CARE}&code=visit&{query}")) == [("wider", "C")]


def test_several_targets_with_what_goes_with_them(mapped: Client) -> None:
    answer = translate(mapped, f"system={CARE}&code=home-visit")
    assert matches(answer) == [("narrower", "V"), ("equivalent", "D")]
    products = [
        p
        for parameter in answer.content["parameter"]
        for p in parameter.get("part", ())
        if p["name"] == "product"
    ]
    assert products[0]["part"] == [
        {"name": "element", "valueUri": f"{ROOT}/distance"},
        {"name": "concept", "valueCoding": {"system": LOOSE, "code": "Alpha"}},
    ]


def test_what_is_known_to_have_no_translation(mapped: Client) -> None:
    answer = translate(mapped, f"system={CARE}&code=letter")
    assert (said(answer)["result"], matches(answer)) == (False, [("unmatched", None)])
    assert "letter" in said(answer)["message"]


@pytest.mark.parametrize("concept", [{"coding": [{"system": "urn:x", "code": "night"}]}, {"text": "night"}])
def test_a_target_that_depends_on_something_else(mapped: Client, concept: dict[str, Any]) -> None:
    assert matches(translate(mapped, f"system={CARE}&code=call")) == []
    body = parameters(system=CARE, code="call")
    parts = [
        {"name": "element", "valueUri": f"{ROOT}/time"},
        {"name": "concept", "valueCodeableConcept": concept},
    ]
    body["parameter"].append({"name": "dependency", "part": parts})
    assert matches(mapped.post("ConceptMap/$translate", body)) == [("equivalent", "T")]


@pytest.mark.parametrize(("system", "found"), [("urn:clock", ["T"]), ("", ["T"]), ("urn:other", [])])
def test_what_a_target_depends_on_is_of_a_system(mapped: Client, system: str, found: list[Any]) -> None:
    needed = [{"property": "urn:time", "system": "urn:clock", "value": "night"}]
    element = [{"code": "call", "target": [target("T", dependsOn=needed)]}]
    body = parameters(conceptMap=concept_map(element=element), system=CARE, code="call")
    coding = {"code": "night", **({"system": system} if system else {})}
    parts = [
        {"name": "element", "valueUri": "urn:time"},
        {"name": "concept", "valueCodeableConcept": {"coding": [coding]}},
    ]
    body["parameter"].append({"name": "dependency", "part": parts})
    assert [code for _, code in matches(mapped.post("ConceptMap/$translate", body))] == found


@pytest.mark.parametrize(
    ("part", "status"),
    [
        (1, 400),
        ([1], 400),
        ({"name": "element"}, 400),
        ([{"name": "concept", "valueCodeableConcept": {"coding": [1]}}], 200),
    ],
)
def test_a_dependency_that_is_none_breaks_nothing(mapped: Client, part: Any, status: int) -> None:
    body = parameters(system=CARE, code="call")
    body["parameter"].append({"name": "dependency", "part": part})
    assert mapped.post("ConceptMap/$translate", body).status == status


def test_reverse_translates_from_the_target_to_the_source(mapped: Client) -> None:
    answer = translate(mapped, f"system={TARIFF}&code=C&reverse=true&targetsystem={CARE}")
    assert matches(answer) == [("narrower", "visit")]
    assert said(translate(mapped, f"system={TARIFF}&code=X&reverse=true"))["result"] is False


def test_each_coding_of_a_concept_is_translated_once(mapped: Client) -> None:
    codings = [{"system": CARE, "code": code} for code in ("visit", "home-visit", "visit")]
    answer = mapped.post("ConceptMap/$translate", parameters(codeableConcept={"coding": codings}))
    assert matches(answer) == [("wider", "C"), ("narrower", "V"), ("equivalent", "D")]


def test_a_concept_of_which_no_map_knows_one_system(mapped: Client) -> None:
    codings = [{"system": f"{ROOT}/nowhere", "code": "x"}, {"system": CARE, "code": "visit"}]
    answer = mapped.post("ConceptMap/$translate", parameters(codeableConcept={"coding": codings}))
    assert matches(answer) == [("wider", "C")]
    body = parameters(codeableConcept={"coding": codings[:1]})
    assert mapped.post("ConceptMap/$translate", body).status == 404


@pytest.mark.parametrize(
    ("ends", "found"),
    [
        (f"source={url('all')}&target={url('tariff')}", [("wider", "C")]),
        (f"target={url('nowhere')}", []),
        (f"source={url('visits')}", []),
        (f"targetsystem={TARIFF}", [("wider", "C")]),
        (f"targetsystem={LOOSE}", []),
    ],
)
def test_a_map_that_is_named_goes_where_it_says(mapped: Client, ends: str, found: list[Any]) -> None:
    assert matches(translate(mapped, f"url={MAP}&system={CARE}&code=visit&{ends}")) == found


@pytest.mark.parametrize(("version", "found"), [("1", [("wider", "C")]), ("2", [])])
def test_a_group_is_of_one_version_of_its_system(
    mapped: Client, version: str, found: list[tuple[str, str]]
) -> None:
    own = concept_map(sourceVersion="1", targetVersion="1")
    body = parameters(conceptMap=own, system=CARE, version=version, code="visit")
    assert matches(mapped.post("ConceptMap/$translate", body)) == found
    body = parameters(
        conceptMap=own, coding={"system": TARIFF, "version": version, "code": "C"}, reverse=True
    )
    assert [code for _, code in matches(mapped.post("ConceptMap/$translate", body))] == [
        "visit" for _ in found
    ]


@pytest.mark.parametrize(
    ("unmapped", "expected"),
    [
        ({"mode": "provided"}, [("equal", "telegram")]),
        ({"mode": "fixed", "code": "Z", "display": "Other"}, [("inexact", "Z")]),
        ({"mode": "other-map", "url": MAP}, []),
        ({"mode": "other-map", "url": f"{MAP}/nowhere"}, []),
    ],
)
def test_codes_that_the_map_leaves_out(mapped: Client, unmapped: dict[str, Any], expected: list[Any]) -> None:
    for code, found in (("telegram", expected), ("letter", [("unmatched", None)])):
        body = parameters(conceptMap=concept_map(unmapped=unmapped), system=CARE, code=code)
        assert matches(mapped.post("ConceptMap/$translate", body)) == found


@pytest.mark.parametrize("version", ["", "|1.0"])
def test_codes_that_the_map_leaves_to_another(mapped: Client, version: str) -> None:
    other = {"mode": "other-map", "url": f"{MAP}{version}"}
    own = concept_map(element=[{"code": "letter"}], unmapped=other) | {"url": f"{MAP}/own"}
    body = parameters(conceptMap=own, system=CARE, code="visit")
    assert matches(mapped.post("ConceptMap/$translate", body)) == [("wider", "C")]


def test_a_map_that_many_groups_lead_to_is_looked_at_once(knowing: ClientFactory) -> None:
    maps = []
    for number in range(10):
        next_one = {"mode": "other-map", "url": f"{MAP}/{number + 1}"}
        one = concept_map(unmapped=next_one)
        one |= {"url": f"{MAP}/{number}", "group": [{"unmapped": next_one}] * 20}
        maps.append(one)
    client = knowing(*maps)
    assert matches(client.get(f"ConceptMap/$translate?url={MAP}/0&system={CARE}&code=telegram")) == []


def test_a_concept_of_hundreds_of_codings_is_refused(mapped: Client) -> None:
    many = {"coding": [{"system": CARE, "code": f"c{number}"} for number in range(501)]}
    for operation in ("ConceptMap/$translate", "ValueSet/$validate-code", "CodeSystem/$validate-code"):
        answer = mapped.post(operation, parameters(codeableConcept=many, url="urn:x"))
        assert (answer.status, answer.content["issue"][0]["code"]) == (400, "too-costly")


def test_maps_that_lead_to_each_other_come_to_an_end(knowing: ClientFactory) -> None:
    ring = concept_map(unmapped={"mode": "other-map", "url": MAP})
    assert matches(translate(knowing(ring), f"url={MAP}&system={CARE}&code=telegram")) == []


def test_a_stored_map(mapped: Client) -> None:
    mapped.put("ConceptMap/own", {**concept_map(), "id": "own", "url": f"{MAP}/own"})
    query = f"system={CARE}&code=visit"
    assert matches(mapped.get(f"ConceptMap/own/$translate?{query}")) == [("wider", "C")]
    assert mapped.get(f"ConceptMap/own/$translate?{query}&url={MAP}").status == 400


@pytest.mark.parametrize(
    ("query", "status"),
    [
        (f"url={MAP}/nowhere&code=visit&system={CARE}", 404),
        (f"url={MAP}", 400),
        (f"code=visit&system={ROOT}/nowhere", 404),
        (f"code=visit&system={CARE}&reverse=perhaps", 400),
    ],
)
def test_what_is_refused(mapped: Client, query: str, status: int) -> None:
    assert translate(mapped, query).status == status


def test_one_subject_at_a_time(mapped: Client) -> None:
    body = parameters(code="visit", coding={"system": CARE, "code": "visit"})
    assert mapped.post("ConceptMap/$translate", body).status == 400
    assert (
        mapped.post(
            "ConceptMap/$translate", parameters(conceptMap={"resourceType": "ConceptMap", "group": 1})
        ).status
        == 400
    )
