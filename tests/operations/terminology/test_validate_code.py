"""https://hl7.org/fhir/R4/valueset-operation-validate-code.html"""

from typing import Any

import pytest

from tests.codes.sample_terminology import (
    CARE,
    FRAGMENT,
    LOOSE,
    ROOT,
    UNKNOWN,
    code_system,
    listed,
    url,
    value_set,
)
from tests.interactions.client import Answer, Client
from tests.operations.terminology.conftest import kinds, parameters, said

ERROR, WARNING, INFORMATION = "error", "warning", "information"
STRUCTURE = "http://hl7.org/fhir/StructureDefinition/"
STANDARDS_STATUS = f"{STRUCTURE}structuredefinition-standards-status"


def validate(client: Client, name: str, query: str, **how: Any) -> Answer:
    return client.get(f"ValueSet/$validate-code?url={url(name)}&{query}", **how)


def places(answer: Answer) -> list[list[str]]:
    return [issue.get("expression", []) for issue in said(answer)["issues"]["issue"]]


def test_a_right_code(care: Client) -> None:
    answer = validate(care, "visits", f"system={CARE}&code=visit&display=Visit")
    assert said(answer) == {
        "code": "visit",
        "system": CARE,
        "version": "1.0.0",
        "display": "Visit",
        "result": True,
    }


def test_a_code_outside_the_value_set(care: Client) -> None:
    answer = validate(care, "visits", f"system={CARE}&code=call")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-in-vs")]
    assert places(answer) == [["code"]]
    assert url("visits") in said(answer)["message"]
    assert said(answer)["display"] == "Call"


def test_a_code_that_does_not_exist(care: Client) -> None:
    answer = validate(care, "all", f"system={CARE}&code=nothing")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "invalid-code")]
    assert "'nothing'" in said(answer)["message"]


def test_a_code_system_that_is_not_known(care: Client) -> None:
    answer = validate(care, "all", f"system={UNKNOWN}&code=x")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "not-found")]
    assert said(answer)["x-unknown-system"] == UNKNOWN
    assert places(answer) == [["code"], ["system"]]


def test_what_cannot_be_checked_is_said_to_be_so(care: Client) -> None:
    answer = validate(care, "elsewhere", f"system={UNKNOWN}&code=x")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-found")]
    assert said(answer)["x-caused-by-unknown-system"] == UNKNOWN


def test_a_code_that_the_value_set_lists_of_an_unknown_system(care: Client) -> None:
    answer = validate(care, "elsewhere-listed", f"system={UNKNOWN}&code=x")
    assert said(answer)["result"] is True
    assert kinds(answer) == [(WARNING, "not-found")]


def test_a_code_that_may_be_in_the_rest_of_a_fragment(care: Client) -> None:
    answer = validate(care, "part", f"system={FRAGMENT}&code=F99")
    assert said(answer)["result"] is True
    assert kinds(answer) == [(WARNING, "invalid-code")]
    assert said(answer)["version"] == "1.0.0"


def test_a_code_system_of_which_only_the_name_is_here(care: Client) -> None:
    own = code_system(f"{ROOT}/CodeSystem/own", content="not-present", concept=[])
    care.put("CodeSystem/own", {**own, "id": "own"})
    care.put("ValueSet/own", {**value_set("own", {"system": own["url"]}), "id": "own"})
    for version in ("", "&systemVersion=1.0.0"):
        answer = validate(care, "own", f"system={own['url']}&code=x{version}")
        assert (said(answer)["result"], kinds(answer)) == (False, [(ERROR, "not-found")])
    assert care.get(f"CodeSystem/$lookup?system={own['url']}&code=x").status == 404
    assert care.get("ValueSet/own/$expand").status == 422


@pytest.mark.parametrize(
    ("query", "result", "kind", "right"),
    [
        ("display=VISIT", True, [], ""),
        ("display=Visite", True, [], ""),
        ("display=Appel", False, [(ERROR, "invalid-display")], "'Visit'"),
        ("display=Appel&lenient-display-validation=true", True, [(WARNING, "invalid-display")], "'Visit'"),
        ("display=Appel&mode=lenient-display-validation", True, [(WARNING, "invalid-display")], "'Visit'"),
        ("display=Visite&displayLanguage=fr", True, [], ""),
        ("display=Visit&displayLanguage=fr", False, [(ERROR, "invalid-display")], "'Visite'"),
        ("display=Visit&displayLanguage=es", True, [(INFORMATION, "invalid-display")], "'Visit'"),
        ("display=Visita&displayLanguage=es", False, [(ERROR, "invalid-display")], "'Visit'"),
    ],
)
def test_a_display_has_to_be_one_of_the_code(
    care: Client, query: str, result: bool, kind: list[Any], right: str
) -> None:
    answer = validate(care, "visits", f"system={CARE}&code=visit&{query}")
    assert said(answer)["result"] is result
    assert kinds(answer) == kind
    assert right in said(answer).get("message", "")


def test_the_display_is_given_in_the_language_asked_for(care: Client) -> None:
    query = f"system={CARE}&code=visit"
    assert said(validate(care, "visits", query + "&displayLanguage=fr"))["display"] == "Visite"
    answer = validate(care, "visits", query + "&display=Visite&displayLanguage=fr", language="fr")
    assert said(answer)["result"] is True


def test_the_header_says_in_which_language_a_display_is_right(care: Client) -> None:
    query = f"system={CARE}&code=visit&display=Visite"
    assert said(validate(care, "visits", query, accept_language="fr-FR,fr;q=0.9"))["result"] is True
    assert said(validate(care, "visits", query, accept_language="en"))["result"] is False


def test_a_value_set_that_draws_on_one_that_is_not_known(care: Client) -> None:
    answer = validate(care, "lost", f"system={CARE}&code=visit")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-found")]
    assert url("nowhere") in said(answer)["message"]


def test_an_abstract_code(care: Client) -> None:
    query = f"system={CARE}&code=contact"
    assert said(validate(care, "all", query))["result"] is True
    answer = validate(care, "all", query + "&abstract=false")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "code-rule"), (ERROR, "not-in-vs")]
    answer = validate(care, "all", f"system={CARE}&code=visit&abstract=false")
    assert (said(answer)["result"], kinds(answer)) == (True, [])


def test_an_inactive_code_is_right_unless_only_active_ones_are_wanted(care: Client) -> None:
    query = f"system={CARE}&code=letter"
    answer = validate(care, "all", query)
    assert (said(answer)["result"], said(answer)["inactive"], said(answer)["status"]) == (
        True,
        True,
        "retired",
    )
    assert kinds(answer) == [(WARNING, "code-comment")]
    strict = validate(care, "all", query + "&activeOnly=true")
    assert said(strict)["result"] is False
    assert kinds(strict) == [(WARNING, "code-comment"), (ERROR, "code-rule"), (ERROR, "not-in-vs")]


def test_a_value_set_of_active_codes_only(care: Client) -> None:
    own = value_set("active", {"system": CARE})
    own["compose"]["inactive"] = False
    body = parameters(valueSet=own, coding={"system": CARE, "code": "letter"})
    assert said(care.post("ValueSet/$validate-code", body))["result"] is False


def test_a_deprecated_code_deserves_a_look(care: Client) -> None:
    answer = validate(care, "all", f"system={CARE}&code=telegram")
    assert said(answer)["result"] is True
    assert kinds(answer) == [(WARNING, "code-comment")]


def test_case_where_the_system_ignores_it(care: Client) -> None:
    answer = validate(care, "loose", f"system={LOOSE}&code=ALPHA")
    assert (said(answer)["result"], said(answer)["normalized-code"]) == (True, "Alpha")
    assert kinds(answer) == [(INFORMATION, "code-rule")]


def test_the_system_of_a_bare_code_is_found_in_the_value_set(care: Client) -> None:
    answer = validate(care, "mixed", "code=visit")
    assert (said(answer)["result"], said(answer)["system"]) == (True, CARE)
    assert said(validate(care, "mixed", "code=nothing"))["result"] is False
    refused = care.post("ValueSet/$validate-code", parameters(url=url("mixed"), coding={"code": "visit"}))
    assert said(refused)["result"] is False
    assert kinds(refused) == [(ERROR, "not-in-vs"), (ERROR, "invalid-data")]
    assert places(refused) == [["Coding.code"], ["Coding"]]
    inferred = parameters(url=url("mixed"), coding={"code": "visit"}, inferSystem=True)
    assert said(care.post("ValueSet/$validate-code", inferred))["result"] is True


def test_a_bare_code_of_two_systems_is_ambiguous(care: Client) -> None:
    twin = code_system(f"{ROOT}/CodeSystem/twin", concept=[{"code": "visit"}])
    body = parameters(
        tx_resource=twin, valueSet=value_set("twins", {"system": CARE}, {"system": twin["url"]}), code="visit"
    )
    answer = care.post("ValueSet/$validate-code", body)
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "cannot-infer")]
    assert twin["url"] in said(answer)["message"]


@pytest.mark.parametrize(
    "mode",
    [
        "valueset-membership-only=true",
        "valueSetMode=CHECK_MEMBERSHIP_ONLY",
        "valueSetMode=CHECK_MEMERSHIP_ONLY",
    ],
)
def test_membership_alone_looks_at_no_display(care: Client, mode: str) -> None:
    query = f"system={CARE}&display=Appel&{mode}&code="
    assert said(validate(care, "visits", query + "visit"))["result"] is True
    answer = validate(care, "visits", query + "nothing")
    assert kinds(answer) == [(ERROR, "not-in-vs")]


def test_a_coding_names_its_places(care: Client) -> None:
    coding = {"system": CARE, "code": "visit", "display": "Appel"}
    answer = care.post("ValueSet/$validate-code", parameters(url=url("visits"), coding=coding))
    assert places(answer) == [["Coding.display"]]


def concept(care: Client, *codings: dict[str, Any], name: str = "visits") -> Answer:
    body = parameters(url=url(name), codeableConcept={"coding": list(codings)})
    return care.post("ValueSet/$validate-code", body)


def test_a_concept_needs_one_right_coding(care: Client) -> None:
    answer = concept(care, {"system": CARE, "code": "call"}, {"system": CARE, "code": "visit"})
    assert (said(answer)["result"], said(answer)["code"]) == (True, "visit")
    assert kinds(answer) == [(INFORMATION, "this-code-not-in-vs")]
    assert said(answer)["codeableConcept"]["coding"][0]["code"] == "call"


def test_a_concept_without_a_right_coding(care: Client) -> None:
    answer = concept(care, {"system": CARE, "code": "call"}, {"system": CARE, "code": "nothing"})
    assert said(answer)["result"] is False
    assert kinds(answer)[0] == (ERROR, "not-in-vs")
    assert places(answer)[-1] == ["CodeableConcept.coding[1].code"]
    assert said(concept(care))["result"] is False


def test_a_concept_with_a_right_coding_and_a_code_that_does_not_exist(care: Client) -> None:
    answer = concept(care, {"system": CARE, "code": "visit"}, {"system": CARE, "code": "nothing"})
    assert said(answer)["result"] is False
    assert (ERROR, "invalid-code") in kinds(answer)


def test_a_concept_that_cannot_be_checked(care: Client) -> None:
    answer = concept(care, {"system": UNKNOWN, "code": "x"}, name="elsewhere")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(ERROR, "not-found")]
    assert said(answer)["x-caused-by-unknown-system"] == UNKNOWN


def test_a_version_that_is_not_known(care: Client) -> None:
    answer = validate(care, "all", f"system={CARE}&code=visit&systemVersion=9")
    assert said(answer)["result"] is False
    assert kinds(answer) == [(WARNING, "vs-invalid"), (ERROR, "not-found")]
    assert "1.0.0" in said(answer)["message"]


def test_a_version_that_has_to_be(care: Client) -> None:
    query = f"system={CARE}&code=visit&check-system-version={CARE}"
    assert said(validate(care, "all", query + "|1.0.0"))["result"] is True
    assert said(validate(care, "all", query + "|1.x"))["result"] is True
    assert said(validate(care, "all", query + "|1.0"))["result"] is False
    assert said(validate(care, "all", query + "|2.x"))["result"] is False


def test_resources_that_are_not_in_force_are_named(care: Client) -> None:
    draft = code_system(f"{ROOT}/CodeSystem/draft", status="draft", concept=[{"code": "a"}])
    body = parameters(
        tx_resource=draft,
        valueSet=value_set("drafts", {"system": draft["url"]}, status="retired"),
        coding={"system": draft["url"], "code": "a"},
    )
    answer = care.post("ValueSet/$validate-code", body)
    assert said(answer)["result"] is True
    assert kinds(answer) == [(INFORMATION, "status-check")] * 2


def test_what_says_nothing(care: Client) -> None:
    nothing = {"display": "Visit"}
    answer = care.post("ValueSet/$validate-code", parameters(url=url("visits"), coding=nothing))
    assert (said(answer)["result"], places(answer)) == (False, [["Coding"], ["Coding"]])
    assert kinds(answer) == [(ERROR, "invalid-data")] * 2
    answer = concept(care, {"system": CARE})
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "invalid-data")]
    assert "code" not in said(answer)


def test_a_coding_without_a_system_spoils_a_concept(care: Client) -> None:
    answer = concept(care, {"code": "visit"}, {"system": CARE, "code": "visit"})
    assert (said(answer)["result"], said(answer)["code"]) == (False, "visit")
    assert kinds(answer) == [(INFORMATION, "this-code-not-in-vs"), (ERROR, "invalid-data")]


def test_a_system_that_is_none(care: Client) -> None:
    answer = validate(care, "visits", "system=Location&code=visit")
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "not-found"), (ERROR, "invalid-data")]
    assert places(answer) == [["code"], ["system"], ["system"]]
    answer = validate(care, "visits", f"system={url('visits')}&code=visit")
    assert kinds(answer) == [(ERROR, "not-in-vs"), (ERROR, "invalid-data")]
    assert "x-unknown-system" not in said(answer)


@pytest.mark.parametrize(
    ("mark", "kind"),
    [
        ({"url": f"{STRUCTURE}valueset-deprecated", "valueBoolean": True}, [(WARNING, "code-comment")]),
        ({"url": f"{STRUCTURE}valueset-deprecated", "valueBoolean": False}, []),
        ({"url": STANDARDS_STATUS, "valueCode": "withdrawn"}, [(WARNING, "code-comment")]),
        ({"url": STANDARDS_STATUS, "valueCode": "trial-use"}, []),
    ],
)
def test_a_code_that_the_value_set_deprecates(care: Client, mark: dict[str, Any], kind: list[Any]) -> None:
    own = value_set("marked", {"system": CARE, "concept": [{"code": "visit", "extension": [mark]}]})
    body = parameters(valueSet=own, coding={"system": CARE, "code": "visit"})
    answer = care.post("ValueSet/$validate-code", body)
    assert (said(answer)["result"], kinds(answer)) == (True, kind)
    assert "message" not in said(answer)


@pytest.mark.parametrize(("shown", "kind"), [("call-out", "display-comment"), ("call", "invalid-display")])
def test_a_display_that_is_no_longer_right(care: Client, shown: str, kind: str) -> None:
    stale = {"value": "Call-out", "extension": [{"url": STANDARDS_STATUS, "valueCode": "deprecated"}]}
    own = code_system(
        f"{ROOT}/CodeSystem/own", concept=[{"code": "a", "display": "Right", "designation": [stale]}]
    )
    body = parameters(codeSystem=own, code="a", display=shown)
    answer = care.post("CodeSystem/$validate-code", body)
    assert (said(answer)["result"], kinds(answer)) == (False, [(ERROR, kind)])
    assert "'Right'" in said(answer)["message"]


def test_a_coding_that_no_system_is_named_for(care: Client) -> None:
    answer = care.post("CodeSystem/$validate-code", parameters(coding={"code": "visit"}))
    assert (said(answer)["result"], kinds(answer)) == (False, [(ERROR, "invalid-data")])


def test_a_language_that_is_none(care: Client) -> None:
    answer = validate(care, "visits", f"system={CARE}&code=visit&displayLanguage=-")
    assert (answer.status, answer.content["issue"][0]["code"]) == (400, "processing")


def test_a_value_set_with_a_filter_that_says_nothing(care: Client) -> None:
    own = value_set("broken", {"system": CARE, "filter": [{"property": "concept", "op": "is-a"}]})
    answer = care.post("ValueSet/$validate-code", parameters(valueSet=own, code="visit", system=CARE))
    assert (answer.status, answer.content["issue"][0]["code"]) == (422, "invalid")
    assert answer.content["issue"][0]["expression"] == ["ValueSet.compose.include[0].filter[0].value"]


def test_a_stored_value_set(care: Client) -> None:
    care.put("ValueSet/own", {**value_set("own", listed(CARE, "call")), "id": "own"})
    assert said(care.get(f"ValueSet/own/$validate-code?system={CARE}&code=call"))["result"] is True
    refused = said(care.get(f"ValueSet/own/$validate-code?system={CARE}&code=visit"))
    assert refused["result"] is False
    assert f"{CARE}#visit" in refused["message"]


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        (f"url={url('nowhere')}&code=x", 404, "not-found"),
        ("code=x", 400, "invalid"),
        (f"url={url('all')}", 400, "required"),
        (f"url={url('ring-1')}&code=visit&system={CARE}", 422, "processing"),
        (f"url={url('all')}&code=visit&abstract=maybe", 400, "invalid"),
        (f"url={url('all')}&coding={CARE}|visit", 400, "invalid"),
    ],
)
def test_what_is_refused(care: Client, query: str, status: int, code: str) -> None:
    answer = care.get(f"ValueSet/$validate-code?{query}")
    assert (answer.status, answer.content["issue"][0]["code"]) == (status, code)


def test_only_one_thing_is_checked_at_a_time(care: Client) -> None:
    body = parameters(url=url("all"), coding={"system": CARE, "code": "visit"}, code="visit")
    assert care.post("ValueSet/$validate-code", body).status == 400


def test_a_value_set_without_a_url_is_called_by_its_id(care: Client) -> None:
    own = {name: value for name, value in value_set("own", listed(CARE, "call")).items() if name != "url"}
    for id, name in (({}, "ValueSet/-"), ({"id": "mine"}, "ValueSet/mine")):
        body = parameters(valueSet=own | id, coding={"system": CARE, "code": "visit"})
        assert f"not in the value set {name}" in said(care.post("ValueSet/$validate-code", body))["message"]


@pytest.mark.parametrize(
    ("beside", "result"),
    [
        ({"display": "Visit"}, True),
        ({"display": "Call"}, False),
        ({"system": CARE, "version": "1.0.0"}, True),
        ({"version": "9"}, False),
    ],
)
def test_what_stands_beside_a_coding_counts(care: Client, beside: dict[str, Any], result: bool) -> None:
    body = parameters(url=url("visits"), coding={"system": CARE, "code": "visit"}, **beside)
    assert said(care.post("ValueSet/$validate-code", body))["result"] is result


def test_a_coding_and_what_stands_beside_it_may_not_disagree(care: Client) -> None:
    coding = {"system": CARE, "code": "visit", "display": "Visit"}
    for beside in ({"system": LOOSE}, {"display": "Call"}):
        answer = care.post("ValueSet/$validate-code", parameters(url=url("visits"), coding=coding, **beside))
        assert (answer.status, answer.content["issue"][0]["code"]) == (400, "invalid")
