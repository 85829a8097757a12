"""https://hl7.org/fhir/R4/valueset-operation-expand.html"""

from typing import Any

import pytest

from tests.codes.sample_terminology import (
    CARE,
    FRAGMENT,
    LOOSE,
    ROOT,
    code_system,
    filtered,
    french,
    listed,
    url,
    value_set,
)
from tests.interactions.client import Answer, Client
from tests.operations.terminology.conftest import expanded_with, parameters

HL7 = "http://hl7.org/fhir/ValueSet/"
STANDARDS_STATUS = "http://hl7.org/fhir/StructureDefinition/structuredefinition-standards-status"


def expand(client: Client, query: str, **how: Any) -> Any:
    answer = client.get(f"ValueSet/$expand?{query}", **how)
    assert answer.status == 200, answer.content
    return answer.content["expansion"]


def codes(expansion: Any) -> list[Any]:
    return [
        [contained["code"], codes(contained)] if "contains" in contained else contained["code"]
        for contained in expansion.get("contains", ())
    ]


def told(expansion: Any, name: str) -> list[Any]:
    return [
        next(v for k, v in parameter.items() if k != "name")
        for parameter in expansion["parameter"]
        if parameter["name"] == name
    ]


def test_the_whole_of_a_code_system(care: Client) -> None:
    content = care.get(f"ValueSet/$expand?url={url('all')}").content
    expansion = content["expansion"]
    assert codes(expansion) == ["contact", "visit", "home-visit", "call", "letter", "telegram"]
    assert expansion["total"] == 6
    assert expansion["identifier"].startswith("urn:uuid:")
    assert expansion["timestamp"]
    assert told(expansion, "used-codesystem") == [f"{CARE}|1.0.0"]
    assert content["url"] == url("all")
    assert "compose" not in content
    first, letter = expansion["contains"][0], expansion["contains"][4]
    assert first == {"system": CARE, "abstract": True, "code": "contact", "display": "Contact"}
    assert letter["inactive"] is True
    assert not any("designation" in concept for concept in expansion["contains"])


def test_the_parameters_are_told_again_by_their_types(care: Client) -> None:
    """https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.parameter"""
    query = f"url={url('all')}&activeOnly=true&count=2&filter=visit&exclude-system={CARE}|2.0.0"
    expansion = expand(care, query)
    assert expansion["offset"] == 0
    assert "offset" not in expand(care, f"url={url('all')}")
    for parameter in (
        {"name": "activeOnly", "valueBoolean": True},
        {"name": "count", "valueInteger": 2},
        {"name": "filter", "valueString": "visit"},
        {"name": "exclude-system", "valueUri": f"{CARE}|2.0.0"},
    ):
        assert parameter in expansion["parameter"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("activeOnly=true", ["contact", "visit", "home-visit", "call", "telegram"]),
        ("excludeNotForUI=true", ["visit", "home-visit", "call", "letter", "telegram"]),
        ("filter=visit", ["visit", "home-visit"]),
        ("filter=HOME+vis", ["home-visit"]),
        ("filter=domicile", ["home-visit"]),
        ("filter=nothing", []),
        ("count=2", ["contact", "visit"]),
        ("count=2&offset=4", ["letter", "telegram"]),
        ("count=2&offset=9", []),
        ("count=0", []),
        ("offset=5", ["telegram"]),
        (f"exclude-system={CARE}", []),
        (f"exclude-system={CARE}|1.0.0", []),
        (f"exclude-system={CARE}|2.0.0", ["contact", "visit", "home-visit", "call", "letter", "telegram"]),
        ("excludeNested=false", [["contact", [["visit", ["home-visit"]], "call"]], "letter", "telegram"]),
        ("excludeNested=false&filter=visit", [["visit", ["home-visit"]]]),
    ],
)
def test_what_is_chosen(care: Client, query: str, expected: list[Any]) -> None:
    assert codes(expand(care, f"url={url('all')}&{query}")) == expected


def test_the_type_stands_first_for_parsers_that_want_it_there(client: Client) -> None:
    """https://hl7.org/fhir/R4/json.html#resources"""
    answer = client.get(f"ValueSet/$expand?url={HL7}administrative-gender")
    assert next(iter(answer.content)) == "resourceType"


def test_the_total_is_that_of_all_pages(care: Client) -> None:
    expansion = expand(care, f"url={url('all')}&count=1&offset=3&filter=t")
    assert (expansion["total"], expansion["offset"], len(expansion["contains"])) == (5, 3, 1)
    assert told(expansion, "count") == [1]
    assert told(expansion, "offset") == [3]
    assert told(expansion, "filter") == ["t"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("visits", ["visit", "home-visit"]),
        ("remote", ["call"]),
        ("both", ["visit", "home-visit"]),
        ("not-visits", ["contact", "call", "letter", "telegram"]),
        ("listed", ["call", "visit"]),
        ("elsewhere-listed", ["x"]),
    ],
)
def test_a_composition_is_expanded_as_it_includes_and_excludes(
    care: Client, name: str, expected: list[str]
) -> None:
    assert codes(expand(care, f"url={url(name)}")) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (filtered("concept", "descendent-of", "contact"), ["visit", "home-visit", "call"]),
        (filtered("concept", "is-not-a", "contact"), ["letter", "telegram"]),
        (filtered("concept", "generalizes", "home-visit"), ["contact", "visit", "home-visit"]),
        (filtered("code", "regex", ".*visit"), ["visit", "home-visit"]),
        (filtered("display", "=", "Call"), ["call"]),
        (filtered("place", "in", "office, remote"), ["visit", "call"]),
        (filtered("place", "not-in", "office"), ["contact", "home-visit", "call", "letter", "telegram"]),
        (filtered("place", "exists", "true"), ["visit", "call"]),
        (filtered("minutes", "=", "30"), ["visit"]),
        (filtered("parent", "=", "contact"), ["visit", "call"]),
        (filtered("child", "=", "visit"), ["contact"]),
        (filtered("status", "=", "retired"), ["letter"]),
        (filtered("inactive", "=", "true"), ["letter"]),
        (filtered("inactive", "=", "false"), []),
        (filtered("notSelectable", "=", "true"), ["contact"]),
        (filtered("notSelectable", "=", "false"), []),
        (filtered("concept", "is-a", "nothing"), []),
    ],
)
def test_filters_of_an_inline_value_set(care: Client, rule: dict[str, Any], expected: list[str]) -> None:
    answer = care.post("ValueSet/$expand", parameters(valueSet=value_set("inline", rule)))
    assert codes(answer.content["expansion"]) == expected


def test_a_value_set_may_be_the_body_itself(care: Client) -> None:
    answer = care.post("ValueSet/$expand?count=1", value_set("inline", {"system": CARE}))
    assert codes(answer.content["expansion"]) == ["contact"]


def test_a_stored_value_set(care: Client) -> None:
    care.put("ValueSet/own", {**value_set("own", filtered("place", "=", "office")), "id": "own"})
    answer = care.get("ValueSet/own/$expand")
    assert codes(answer.content["expansion"]) == ["visit"]
    assert answer.content["id"] == "own"
    assert care.get("ValueSet/nothing/$expand").status == 404


def test_what_clients_have_stored_is_known_by_its_canonical(client: Client) -> None:
    system = code_system(f"{ROOT}/CodeSystem/stored", concept=[{"code": "a"}, {"code": "b"}])
    client.put("CodeSystem/stored", {**system, "id": "stored"})
    client.put("ValueSet/stored", {**value_set("stored", {"system": system["url"]}), "id": "stored"})
    assert codes(expand(client, f"url={url('stored')}")) == ["a", "b"]
    client.put("CodeSystem/stored", {**system, "id": "stored", "concept": [{"code": "c"}]})
    assert codes(expand(client, f"url={url('stored')}")) == ["c"]
    client.delete("ValueSet/stored")
    assert client.get(f"ValueSet/$expand?url={url('stored')}").status == 404


def test_resources_that_come_with_the_request(care: Client) -> None:
    system = code_system(f"{ROOT}/CodeSystem/sent", concept=[{"code": "sent"}])
    body = parameters(tx_resource=[system, value_set("sent", {"system": system["url"]})], url=url("sent"))
    assert codes(care.post("ValueSet/$expand", body).content["expansion"]) == ["sent"]
    assert care.get(f"ValueSet/$expand?url={url('sent')}").status == 404


@pytest.mark.parametrize(
    ("query", "header", "display"),
    [
        ("", "", "Visit"),
        ("&displayLanguage=fr", "", "Visite"),
        ("&displayLanguage=fr-FR", "", "Visite"),
        ("&displayLanguage=es,de;q=0.5", "", "Besuch"),
        ("&displayLanguage=es", "", "Visit"),
        ("&displayLanguage=es,*;q=0", "", None),
        ("", "fr-FR,fr;q=0.9,en;q=0.8", "Visite"),
        ("&displayLanguage=en", "fr", "Visit"),
    ],
)
def test_the_language_of_displays(care: Client, query: str, header: str, display: str | None) -> None:
    expansion = expand(care, f"url={url('visits')}{query}", accept_language=header)
    assert expansion["contains"][0].get("display") == display


@pytest.mark.parametrize(
    ("query", "header", "display"),
    [("", "", "Besuch"), ("?displayLanguage=fr", "", "Visite"), ("", "fr", "Visite")],
)
def test_a_value_set_may_say_in_which_language_it_is_shown(
    care: Client, query: str, header: str, display: str
) -> None:
    plain = value_set("german", listed(CARE, "visit"))
    compose = {**plain["compose"], "extension": [expanded_with("displayLanguage", valueCode="de")]}
    for german in ({**plain, "language": "de"}, {**plain, "language": "en", "compose": compose}):
        expansion = care.post(f"ValueSet/$expand{query}", german, accept_language=header).content["expansion"]
        assert expansion["contains"][0]["display"] == display


def test_designations_are_shown_where_they_are_asked_for(care: Client) -> None:
    expansion = expand(care, f"url={url('visits')}&includeDesignations=true&displayLanguage=fr")
    texts = {
        designation["value"]: designation.get("language")
        for designation in expansion["contains"][0]["designation"]
    }
    assert texts == {"Visit": "en", "Besuch": "de"}
    wanted = expand(care, f"url={url('visits')}&designation=urn:ietf:bcp:47|de")
    assert [designation["value"] for designation in wanted["contains"][0]["designation"]] == ["Besuch"]


def test_properties_are_shown_as_extensions(care: Client) -> None:
    expansion = expand(care, f"url={url('remote')}&property=place&property=minutes&property=definition")
    shown = [
        {part["url"]: next(v for k, v in part.items() if k != "url") for part in extension["extension"]}
        for extension in expansion["contains"][0]["extension"]
    ]
    assert shown == [{"code": "place", "value": "remote"}, {"code": "minutes", "value": 10}]
    meanings = [part for extension in expansion["extension"] for part in extension["extension"]]
    assert {"url": "uri", "valueUri": f"{ROOT}/property/place"} in meanings


def test_a_part_of_a_code_system_is_expanded_and_called_open(care: Client) -> None:
    expansion = expand(care, f"url={url('part')}")
    assert codes(expansion) == ["F32.1"]
    assert expansion["extension"][0]["url"].endswith("valueset-unclosed")
    assert told(expansion, "used-codesystem") == [f"{FRAGMENT}|1.0.0"]


def test_a_supplement_that_only_translates_is_used_unasked(care: Client) -> None:
    supplement = code_system(
        f"{ROOT}/CodeSystem/care-es",
        content="supplement",
        supplements=CARE,
        language="es",
        property=[],
        concept=[{"code": "call", "display": "Llamada"}],
    )
    body = parameters(tx_resource=supplement, url=url("remote"), displayLanguage="es")
    expansion = care.post("ValueSet/$expand", body).content["expansion"]
    assert expansion["contains"][0]["display"] == "Llamada"
    assert told(expansion, "used-supplement") == [f"{ROOT}/CodeSystem/care-es|1.0.0"]


def test_a_supplement_with_properties_is_used_when_it_is_asked_for(care: Client) -> None:
    more = {"code": "call", "property": [{"code": "colour", "valueCode": "red"}]}
    supplement = code_system(
        f"{ROOT}/CodeSystem/more", content="supplement", supplements=CARE, concept=[more]
    )
    red = value_set("red", filtered("colour", "=", "red"))
    sent = {"tx_resource": supplement, "valueSet": red}
    assert "contains" not in care.post("ValueSet/$expand", parameters(**sent)).content["expansion"]
    asked = parameters(**sent, useSupplement=supplement["url"])
    assert codes(care.post("ValueSet/$expand", asked).content["expansion"]) == ["call"]
    needed = {**red, "extension": [{"url": SUPPLEMENT, "valueCanonical": supplement["url"]}]}
    body = parameters(tx_resource=supplement, valueSet=needed)
    assert codes(care.post("ValueSet/$expand", body).content["expansion"]) == ["call"]
    assert care.post("ValueSet/$expand", parameters(valueSet=needed)).status == 404


SUPPLEMENT = "http://hl7.org/fhir/StructureDefinition/valueset-supplement"


def versions(care: Client, **how: Any) -> Answer:
    newer = code_system(version="2.0.0", concept=[{"code": "video"}])
    older = code_system()
    return care.post("ValueSet/$expand", parameters(tx_resource=[newer, older], url=url("all"), **how))


def test_the_versions_of_code_systems(care: Client) -> None:
    assert "video" not in codes(versions(care).content["expansion"])
    assert codes(versions(care, system_version=f"{CARE}|2.0.0").content["expansion"]) == ["video"]
    assert codes(versions(care, force_system_version=f"{CARE}|2.0.0").content["expansion"]) == ["video"]
    assert codes(versions(care, check_system_version=f"{CARE}|2.0.0").content["expansion"]) == ["video"]
    assert versions(care, system_version=f"{CARE}|9.0.0").status == 422
    assert versions(care, system_version=CARE).status == 400


def test_a_pinned_version_that_is_not_the_one_to_be_is_refused(care: Client) -> None:
    pinned = value_set("pinned", {"system": CARE, "version": "1.0.0"})
    body = parameters(valueSet=pinned, check_system_version=f"{CARE}|2.0.0")
    answer = care.post("ValueSet/$expand", body)
    assert (answer.status, answer.content["issue"][0]["code"]) == (422, "business-rule")


def test_the_composition_is_shown_when_it_is_asked_for(care: Client) -> None:
    content = care.get(f"ValueSet/$expand?url={url('all')}&includeDefinition=true").content
    assert content["compose"] == {"include": [{"system": CARE}]}


def test_value_sets_of_r4(care: Client) -> None:
    expansion = expand(care, f"url={HL7}administrative-gender")
    assert codes(expansion) == ["male", "female", "other", "unknown"]
    assert expand(care, f"url={HL7}currencies&filter=euro&count=1")["contains"][0]["code"] == "CHE"


OBSERVATION = "http://hl7.org/fhir/StructureDefinition/Observation%23Observation"


def test_the_value_set_that_an_element_is_bound_to(care: Client) -> None:
    expansion = expand(care, f"context={OBSERVATION}.status&filter=amended&contextDirection=incoming")
    assert codes(expansion) == ["amended"]
    query = f"context={OBSERVATION}.status&system=http://hl7.org/fhir/observation-status&code=final"
    assert care.get(f"ValueSet/$validate-code?{query}").content["parameter"][-1]["valueBoolean"] is True


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"context={OBSERVATION}.status&url={url('all')}", 400, "invalid"),
        (f"context={OBSERVATION}.subject", 404, "not-found"),
        ("context=Observation.status", 400, "invalid"),
        ("context=urn:nothing%23Observation.status", 404, "not-found"),
        ("", 400, "invalid"),
        (f"url={url('nowhere')}", 404, "not-found"),
        (f"url={url('all')}|9", 404, "not-found"),
        (f"url={url('ring-1')}", 422, "processing"),
        (f"url={url('broken')}", 422, "invalid"),
        (f"url={url('lost')}", 404, "not-found"),
        (f"url={url('elsewhere')}", 422, "not-found"),
        (f"url={HL7}mimetypes", 422, "too-costly"),
        (f"url={url('all')}&count=-1", 400, "invalid"),
        (f"url={url('all')}&count=many", 400, "invalid"),
        (f"url={url('all')}&offset=99999999999999", 400, "invalid"),
        (f"url={url('all')}&activeOnly=perhaps", 400, "invalid"),
        (f"url={url('all')}&count=1&count=2", 400, "invalid"),
        (f"url={url('all')}&colour=red", 400, "invalid"),
        (f"url={url('all')}&useSupplement={ROOT}/nothing", 404, "not-found"),
    ],
)
def test_what_is_refused(care: Client, query: str, status: int, code: str) -> None:
    answer = care.get(f"ValueSet/$expand?{query}")
    assert (answer.status, answer.content["issue"][0]["code"]) == (status, code)


@pytest.mark.parametrize(
    "body",
    [
        {"resourceType": "Patient"},
        {"resourceType": "Parameters", "parameter": "x"},
        {"resourceType": "Parameters", "parameter": [1]},
        {"resourceType": "Parameters", "parameter": [{"name": 1}]},
        {"resourceType": "Parameters", "parameter": [{"name": "url"}]},
        {"resourceType": "Parameters", "parameter": [{"name": "url", "valueUri": ["x"]}]},
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "valueSet", "resource": {"resourceType": "Patient"}}],
        },
        parameters(valueSet={"resourceType": "ValueSet", "compose": {"include": "all"}}),
        parameters(valueSet={"resourceType": "ValueSet", "compose": {"include": [{"system": 1}]}}),
        parameters(
            tx_resource={"resourceType": "CodeSystem", "url": CARE, "content": "complete", "concept": [{}]}
        ),
        parameters(valueSet=value_set("x", listed(CARE)), url=5),
        parameters(valueSet=value_set("x", listed(CARE)), url=url("all")),
    ],
)
def test_bodies_that_cannot_be_read(care: Client, body: Any) -> None:
    assert care.post("ValueSet/$expand", body).status == 400


@pytest.mark.parametrize(
    ("op", "value", "expected"), [("=", "ALPHA", ["Alpha"]), ("in", "alpha, beta", ["Alpha", "Beta"])]
)
def test_a_filter_ignores_case_where_the_system_does(
    care: Client, op: str, value: str, expected: list[str]
) -> None:
    own = value_set("own", filtered("concept", op, value, LOOSE))
    assert codes(care.post("ValueSet/$expand", own).content["expansion"]) == expected


def test_a_value_set_that_is_sent_may_be_named_as_well(care: Client) -> None:
    own = value_set("own", listed(CARE, "call"))
    answer = care.post("ValueSet/$expand", parameters(valueSet=own, url=f"{url('own')}|1.0.0"))
    assert codes(answer.content["expansion"]) == ["call"]


@pytest.mark.parametrize(
    ("status", "warned"), [("draft", "draft"), ("retired", "retired"), ("active", "experimental")]
)
def test_what_an_expansion_draws_on_is_told_and_what_of_it_is_not_in_force(
    care: Client, status: str, warned: str
) -> None:
    """https://hl7.org/fhir/R4/valueset-definitions.html#ValueSet.expansion.parameter"""
    trial = code_system(f"{ROOT}/trial", status=status, experimental=True, concept=[{"code": "a"}])
    inner = {**value_set("inner", {"system": trial["url"]}), "version": "2.1"}
    extension = {"url": STANDARDS_STATUS, "valueCode": "withdrawn"}
    outer = value_set("outer", {"valueSet": [inner["url"]]}, version="3", extension=[extension])
    body = parameters(tx_resource=[trial, inner], valueSet=outer)
    expansion = care.post("ValueSet/$expand", body).content["expansion"]
    assert expansion["contains"] == [{"system": f"{ROOT}/trial", "code": "a"}]
    assert told(expansion, "used-codesystem") == [f"{ROOT}/trial|1.0.0"]
    assert told(expansion, "used-valueset") == [f"{url('inner')}|2.1"]
    assert told(expansion, f"warning-{warned}") == [f"{ROOT}/trial|1.0.0"]
    assert told(expansion, "warning-withdrawn") == [f"{url('outer')}|3"]
    body = parameters(tx_resource=[trial, inner], valueSet=outer | {"experimental": True})
    expansion = care.post("ValueSet/$expand", body).content["expansion"]
    assert told(expansion, "warning-experimental") == []
    whole = expand(care, f"url={url('all')}")
    assert not [one for one in whole["parameter"] if one["name"].startswith("warning-")]


def test_an_empty_composition_has_no_members(care: Client) -> None:
    answer = care.post("ValueSet/$expand", {"resourceType": "ValueSet", "status": "active"})
    assert answer.content["expansion"]["total"] == 0
    listed_and_filtered = {**listed(CARE, "call"), **filtered("concept", "is-a", "visit")}
    for part in ({}, listed_and_filtered):
        assert care.post("ValueSet/$expand", value_set("x", part)).status == 422


def test_a_large_value_set_has_to_be_asked_for_in_pages(care: Client) -> None:
    system = code_system(f"{ROOT}/large", concept=[{"code": f"c{number}"} for number in range(50_000)])
    body = parameters(tx_resource=system, valueSet=value_set("large", {"system": system["url"]}))
    answer = care.post("ValueSet/$expand", body)
    assert (answer.status, answer.content["issue"][0]["code"]) == (422, "too-costly")
    assert "50000" in answer.diagnostics
    body["parameter"] += parameters(count=3, offset=49_998)["parameter"]
    expansion = care.post("ValueSet/$expand", body).content["expansion"]
    assert (codes(expansion), expansion["total"]) == (["c49998", "c49999"], 50_000)


def test_messages_are_in_the_language_of_the_client(care: Client) -> None:
    assert "inconnu" in care.get(f"ValueSet/$expand?url={url('nowhere')}", language="fr").diagnostics


def test_a_designation_without_value_is_never_shown(care: Client) -> None:
    system = code_system(concept=[{"code": "a", "designation": [french("Un")]}])
    body = parameters(tx_resource=system, url=url("all"), displayLanguage="fr")
    (only,) = care.post("ValueSet/$expand", body).content["expansion"]["contains"]
    assert only["display"] == "Un"


def test_a_display_of_an_untold_language_is_a_designation_without_one(care: Client) -> None:
    concept = {"code": "a", "display": "One", "designation": [french("Un")]}
    system = code_system(f"{ROOT}/plain", concept=[concept])
    del system["language"]
    plain = value_set("plain", {"system": system["url"]})
    wish = {"displayLanguage": "fr", "includeDesignations": True}
    body = parameters(tx_resource=system, valueSet=plain, **wish)
    (only,) = care.post("ValueSet/$expand", body).content["expansion"]["contains"]
    (other,) = only["designation"]
    assert (only["display"], other["value"], "language" in other) == ("Un", "One", False)


def test_a_value_set_within_the_value_set(care: Client) -> None:
    inner = {**value_set("inner", listed(CARE, "call")), "id": "inner"}
    middle = {**value_set("middle", {"valueSet": ["#inner"]}), "id": "middle"}
    own = value_set("outer", {"valueSet": ["#middle"]}, contained=[middle, inner])
    answer = care.post("ValueSet/$expand", parameters(valueSet=own))
    assert [contained["code"] for contained in answer.content["expansion"]["contains"]] == ["call"]
    assert "used-valueset" not in [
        parameter["name"] for parameter in answer.content["expansion"]["parameter"]
    ]
    ring = value_set("ring", {"valueSet": ["#middle"]}, contained=[{**middle, "id": "inner"}, middle])
    refused = care.post("ValueSet/$expand", parameters(valueSet=ring))
    assert (refused.status, refused.content["issue"][0]["code"]) == (422, "processing")
