"""Links between the entries of a transaction. https://hl7.org/fhir/R4/http.html#trules"""

import pytest

from tests.interactions.bundles import encounter, entry, identity, statuses, subject_of, transact
from tests.interactions.client import BASE, Client, identified, patient

XHTML = 'xmlns="http://www.w3.org/1999/xhtml"'


def test_references_between_entries_follow_the_new_ids(client: Client) -> None:
    answer = transact(
        client,
        entry("POST", "Encounter", encounter("urn:uuid:p")),
        entry("POST", "Patient", patient(), "urn:uuid:p"),
    )
    assert answer.content["type"] == "transaction-response"
    assert statuses(answer) == ["201", "201"]
    place = answer.entries[1]["response"]["location"]
    found = client.get(answer.entries[0]["response"]["location"]).content
    assert place == f"{found['subject']['reference']}/_history/1"


def test_links_in_narrative_contained_and_uris_follow_too(client: Client) -> None:
    resource = encounter("urn:uuid:p")
    resource["contained"] = [{"resourceType": "Condition", "id": "c", "subject": {"reference": "urn:uuid:p"}}]
    resource["diagnosis"] = [{"condition": {"reference": "#c"}}]
    resource["identifier"] = [{"system": "urn:ietf:rfc:3986", "value": "urn:uuid:p"}]
    resource["extension"] = [{"url": "urn:x", "valueUri": "urn:uuid:p"}]
    resource["text"] = {
        "status": "generated",
        "div": f'<div {XHTML}><a href="urn:uuid:p">p</a> urn:uuid:p</div>',
    }
    answer = transact(
        client, entry("POST", "Patient", patient(), "urn:uuid:p"), entry("POST", "Encounter", resource)
    )
    new = answer.entries[0]["response"]["location"].partition("/_history")[0]
    stored = client.get(answer.entries[1]["response"]["location"]).content
    assert stored["contained"][0]["subject"]["reference"] == new
    assert stored["diagnosis"][0]["condition"]["reference"] == "#c"
    assert stored["extension"][0]["valueUri"] == new
    assert stored["identifier"][0]["value"] == "urn:uuid:p"
    assert f'<a href="{new}">p</a> urn:uuid:p' in stored["text"]["div"]


def test_links_are_found_at_once_in_a_narrative_of_what_only_begins_like_them(client: Client) -> None:
    """A comment and CDATA may hold anything: to look from each beginning to the end takes minutes."""
    div = f"<div {XHTML}><!--{'<a <img ' * 40_000}--><![CDATA[{'<!-- >' * 40_000}]]>x</div>"
    resource = patient(text={"status": "additional", "div": div})
    resource["contained"] = [{"resourceType": "Organization", "id": "o", "name": "O"}]
    resource["managingOrganization"] = {"reference": "#o"}
    assert statuses(transact(client, entry("POST", "Patient", resource))) == ["201"]


def test_relative_references_are_resolved_on_the_full_url(client: Client) -> None:
    answer = transact(
        client,
        entry("POST", "Patient", patient(), "http://elsewhere/fhir/Patient/7"),
        entry("POST", "Encounter", encounter("Patient/7"), "http://elsewhere/fhir/Encounter/1"),
    )
    new = answer.entries[0]["response"]["location"].partition("/_history")[0]
    stored = client.get(answer.entries[1]["response"]["location"]).content
    assert stored["subject"]["reference"] == new


@pytest.mark.parametrize("full_url", [f"{BASE}/Encounter/1", "urn:uuid:e", None])
def test_relative_references_are_else_resolved_on_this_server(client: Client, full_url: str | None) -> None:
    answer = transact(
        client,
        entry("POST", "Patient", patient(), f"{BASE}/Patient/7"),
        entry("POST", "Encounter", encounter("Patient/7"), full_url),
    )
    assert subject_of(client, answer, 1) == identity(answer, 0)


def test_relative_references_do_not_lead_to_the_entry_of_another_server(client: Client) -> None:
    answer = transact(
        client,
        entry("POST", "Patient", patient(), "http://elsewhere/fhir/Patient/7"),
        entry("POST", "Encounter", encounter("Patient/7")),
        entry("POST", "Encounter", encounter("Patient/7"), "http://nowhere/fhir/Encounter/1"),
    )
    assert {subject_of(client, answer, 1), subject_of(client, answer, 2)} == {"Patient/7"}


def test_references_to_a_version_lead_to_the_one_that_is_written(client: Client) -> None:
    client.put("Patient/mine", patient(id="mine"))
    known = client.post("Patient", identified("a")).id
    client.put(f"Patient/{known}", identified("a", id=known, active=True))
    answer = transact(
        client,
        entry("POST", "Patient", patient(), f"{BASE}/Patient/7"),
        entry("PUT", "Patient/mine", patient(id="mine", active=True), f"{BASE}/Patient/mine"),
        entry("POST", "Patient", identified("a"), "urn:uuid:p", ifNoneExist="identifier=urn:ids|a"),
        entry("POST", "Encounter", encounter("Patient/7/_history/4")),
        entry("POST", "Encounter", encounter(f"{BASE}/Patient/mine/_history/1")),
        entry("POST", "Encounter", encounter("urn:uuid:p/_history/1")),
        entry("POST", "Encounter", encounter("Patient/other/_history/1")),
    )
    assert [subject_of(client, answer, index) for index in (3, 4, 5, 6)] == [
        f"{identity(answer, 0)}/_history/1",
        "Patient/mine/_history/2",
        f"Patient/{known}/_history/2",
        "Patient/other/_history/1",
    ]


def test_canonicals_and_the_names_of_definitions_stay(client: Client) -> None:
    url = "http://example.org/fhir/Questionnaire/q"
    form = {"resourceType": "Questionnaire", "status": "draft", "url": url}
    answers = {"resourceType": "QuestionnaireResponse", "status": "completed", "questionnaire": url}
    answer = transact(
        client,
        entry("POST", "Questionnaire", form, url),
        entry("POST", "QuestionnaireResponse", answers),
        returns="representation",
    )
    assert answer.entries[0]["resource"]["url"] == url
    assert answer.entries[1]["resource"]["questionnaire"] == url


def test_codes_keep_the_system_that_the_same_transaction_defines(client: Client) -> None:
    system = "http://example.org/fhir/CodeSystem/tracks"
    codes = {"resourceType": "CodeSystem", "status": "draft", "content": "not-present", "url": system}
    tagged = patient() | {
        "meta": {"tag": [{"system": system, "code": "a"}]},
        "extension": [{"url": system, "valueUri": system}],
    }
    answer = transact(
        client,
        entry("POST", "CodeSystem", codes, system),
        entry("POST", "Patient", tagged),
        returns="representation",
    )
    stored = answer.entries[1]["resource"]
    assert stored["meta"]["tag"] == tagged["meta"]["tag"]
    assert stored["extension"] == tagged["extension"]


@pytest.mark.parametrize("full_url", ["Patient", "Encounter", "planned", "AMB"])
def test_a_full_url_may_be_any_word_of_the_resources(client: Client, full_url: str) -> None:
    written = encounter("urn:uuid:p") | {"contained": [patient() | {"id": "c"}]}
    written["extension"] = [{"url": "urn:x", "valueReference": {"reference": "#c"}}]
    answer = transact(
        client,
        entry("POST", "Encounter", written, full_url),
        entry("POST", "Patient", patient(), "urn:uuid:p"),
        returns="representation",
    )
    assert answer.entries[0]["resource"]["class"] == {"code": "AMB"}
    assert answer.entries[0]["resource"]["contained"][0]["resourceType"] == "Patient"


def test_a_bundle_that_is_stored_keeps_its_own_links(client: Client) -> None:
    inner = [
        {"fullUrl": "urn:uuid:p", "resource": patient()},
        {"fullUrl": "urn:uuid:1", "resource": encounter("urn:uuid:p")},
        {"fullUrl": "urn:uuid:2", "resource": encounter("urn:uuid:elsewhere")},
        {"fullUrl": "urn:uuid:3", "resource": encounter("Patient?identifier=urn:ids|nobody")},
        {"fullUrl": "urn:uuid:4", "resource": encounter("urn:uuid:q")},
        {
            "fullUrl": "http://elsewhere/fhir/Encounter/5",
            "resource": encounter("Patient/7") | {"id": "5"},
        },
    ]
    collection = {"resourceType": "Bundle", "type": "collection", "entry": inner}
    answer = transact(
        client,
        entry("POST", "Bundle", collection),
        entry("POST", "Patient", patient(), "urn:uuid:p"),
        entry("POST", "Patient", patient(), "urn:uuid:q"),
        entry("POST", "Patient", patient(), f"{BASE}/Patient/7"),
    )
    stored = client.get(answer.entries[0]["response"]["location"]).content["entry"]
    assert [each["fullUrl"] for each in stored] == [each["fullUrl"] for each in inner]
    assert [each["resource"]["subject"]["reference"] for each in stored[1:]] == [
        "urn:uuid:p",
        "urn:uuid:elsewhere",
        "Patient?identifier=urn:ids|nobody",
        identity(answer, 2),
        "Patient/7",
    ]
    assert client.post("Bundle", collection).status == 201


def test_uris_in_a_list_follow_too(client: Client) -> None:
    plan = {
        "resourceType": "CarePlan",
        "status": "draft",
        "intent": "plan",
        "subject": {"display": "x"},
        "instantiatesUri": ["https://example.org/protocol", "urn:uuid:d"],
    }
    document = {"resourceType": "Basic", "code": {"text": "x"}}
    answer = transact(client, entry("POST", "CarePlan", plan), entry("POST", "Basic", document, "urn:uuid:d"))
    stored = client.get(identity(answer, 0)).content
    assert stored["instantiatesUri"] == ["https://example.org/protocol", identity(answer, 1)]


def test_a_conditional_reference_says_whether_it_found_none_or_several(client: Client) -> None:
    for _ in range(2):
        client.post("Patient", identified("a"))
    for value, code in (("a", "multiple-matches"), ("z", "not-found")):
        answer = transact(
            client, entry("POST", "Encounter", encounter(f"Patient?identifier=urn:ids|{value}"))
        )
        assert (answer.status, [issue["code"] for issue in answer.content["issue"]]) == (412, [code])
