"""https://hl7.org/fhir/R4/http.html#read"""

import pytest

from tests.interactions.client import Client, patient


def test_reads_the_current_version(client: Client) -> None:
    id = client.post("Patient", patient()).id
    client.put(f"Patient/{id}", patient(id=id, active=True))
    answer = client.get(f"Patient/{id}")
    assert (answer.status, answer.version, answer.content["active"]) == (200, 2, True)


def test_vread_reads_each_version(client: Client) -> None:
    id = client.post("Patient", patient()).id
    client.put(f"Patient/{id}", patient(id=id, active=True))
    assert "active" not in client.get(f"Patient/{id}/_history/1").content
    assert client.get(f"Patient/{id}/_history/2").content["active"] is True


@pytest.mark.parametrize("version", ["3", "0", "x", "9" * 30, "01", "١", "+1", " 1"])
def test_vread_of_no_version_is_not_found(client: Client, version: str) -> None:
    id = client.post("Patient", patient()).id
    assert client.get(f"Patient/{id}/_history/{version}").status == 404


def test_unknown_id_is_not_found(client: Client) -> None:
    answer = client.get("Patient/nobody")
    assert answer.status == 404
    assert "Patient/nobody" in answer.diagnostics


def test_unknown_type_names_the_nearest(client: Client) -> None:
    answer = client.get("Pateint/1")
    assert answer.status == 404
    assert "did you mean Patient?" in answer.diagnostics
    assert "vouliez-vous dire Patient" in client.get("Pateint/1", language="fr").diagnostics


def test_deleted_is_gone_but_its_history_is_not(client: Client) -> None:
    id = client.post("Patient", patient()).id
    client.delete(f"Patient/{id}")
    assert client.get(f"Patient/{id}").status == 410
    assert client.get(f"Patient/{id}/_history/1").status == 200
    assert client.get(f"Patient/{id}/_history/2").status == 410


def test_if_none_match_with_the_current_version_is_not_modified(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.get(f"Patient/{id}", if_none_match='W/"1"').status == 304
    assert client.get(f"Patient/{id}", if_none_match='W/"7", W/"1"').status == 304
    assert client.get(f"Patient/{id}", if_none_match='W/"2"').status == 200


def test_if_match_asks_for_the_current_version(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.get(f"Patient/{id}", if_match='W/"1"').status == 200
    assert client.get(f"Patient/{id}", if_match='W/"2"').status == 412
    assert client.get("Patient/nobody", if_match='W/"2"').status == 404


def test_if_modified_since_compares_whole_seconds(client: Client) -> None:
    id = client.post("Patient", patient()).id
    future, past = "Fri, 01 Jan 2100 00:00:00 GMT", "Sat, 01 Jan 2000 00:00:00 GMT"
    assert client.get(f"Patient/{id}", if_modified_since=future).status == 304
    assert client.get(f"Patient/{id}", if_modified_since=past).status == 200


@pytest.mark.parametrize("zone", ["", " GMT"])
def test_if_modified_since_may_be_a_date_of_rfc_850(client: Client, zone: str) -> None:
    id = client.post("Patient", patient()).id
    assert client.get(f"Patient/{id}", if_modified_since=f"Wed, 28-Sep-39 16:11:14{zone}").status == 304
    assert client.get(f"Patient/{id}", if_modified_since=f"Mon, 28-Sep-09 16:11:14{zone}").status == 200


@pytest.mark.parametrize(
    "text", ["yesterday", "", "Sun, 31 Feb 2100 00:00:00 GMT", "Fri, 01 Jan 99999 00:00:00 GMT", "2100"]
)
def test_if_modified_since_is_ignored_where_it_is_no_date(client: Client, text: str) -> None:
    id = client.post("Patient", patient()).id
    assert client.get(f"Patient/{id}", if_modified_since=text).status == 200


def test_head_is_answered_as_get(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.send("HEAD", f"Patient/{id}").status == 200
    assert client.send("HEAD", "Patient/nobody").status == 404


def test_summary_and_elements_return_marked_parts(client: Client) -> None:
    narrative = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}
    contact = [{"name": {"family": "Aidant"}}]
    id = client.post("Patient", patient(text=narrative, contact=contact, active=True)).id
    summary = client.get(f"Patient/{id}?_summary=true").content
    assert next(iter(summary)) == "resourceType"
    assert "contact" not in summary
    assert summary["active"] is True
    assert summary["meta"]["tag"][0]["code"] == "SUBSETTED"
    text = client.get(f"Patient/{id}?_summary=text").content
    assert set(text) == {"resourceType", "id", "meta", "text"}
    data = client.get(f"Patient/{id}?_summary=data").content
    assert ("text" in data, data["contact"]) == (False, contact)
    elements = client.get(f"Patient/{id}?_elements=name").content
    assert client.get(f"Patient/{id}?_elements=id,resourceType,name").content == elements
    assert "name" in elements
    assert "contact" not in elements
    assert client.get(f"Patient/{id}?_summary=some").expressions == ["http._summary"]
    assert client.get(f"Patient/{id}?_elements=Patient.name,colour").status == 400


def test_a_summary_goes_into_the_parts_of_a_resource(client: Client) -> None:
    """The type of a provision is in the summary, its actors are not. https://hl7.org/fhir/R4/consent.html"""
    text = {"text": "x"}
    provision = {"type": "deny", "actor": [{"role": text, "reference": {"display": "x"}}]}
    consent = {"resourceType": "Consent", "status": "draft", "scope": text, "category": [text]}
    id = client.post("Consent", consent | {"policyRule": text, "provision": provision}).id
    assert client.get(f"Consent/{id}?_summary=true").content["provision"] == {"type": "deny"}
