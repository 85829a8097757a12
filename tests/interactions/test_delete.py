"""https://hl7.org/fhir/R4/http.html#delete"""

import pytest

from fhir_server.core.limits import Limits
from tests.interactions.bundles import entry, transact
from tests.interactions.client import Client, ClientFactory, identified, patient


def test_delete_is_idempotent(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.delete(f"Patient/{id}").status == 204
    assert client.delete(f"Patient/{id}").status == 204
    assert client.delete("Patient/nobody").status == 204
    assert len(client.get(f"Patient/{id}/_history").entries) == 2


def test_in_a_transaction_too_and_its_version_is_told(client: Client) -> None:
    id = client.post("Patient", patient()).id
    told = [transact(client, entry("DELETE", f"Patient/{id}")).entries[0]["response"] for _ in range(2)]
    assert [one["status"] for one in told] == ["204 No Content"] * 2
    assert told[0]["etag"] == 'W/"2"'
    assert len(client.get(f"Patient/{id}/_history").entries) == 2


def test_delete_takes_the_resource_out_of_searches(client: Client) -> None:
    id = client.post("Patient", identified("a")).id
    client.delete(f"Patient/{id}")
    assert client.get("Patient?identifier=urn:ids|a").entries == []


def test_if_match_guards_deletion(client: Client) -> None:
    id = client.post("Patient", patient()).id
    assert client.delete(f"Patient/{id}", if_match='W/"2"').status == 412
    assert client.delete(f"Patient/{id}", if_match='W/"1"').status == 204


def test_an_outcome_comes_when_preferred(client: Client) -> None:
    id = client.post("Patient", patient()).id
    answer = client.delete(f"Patient/{id}", returns="OperationOutcome")
    assert (answer.status, answer.content["resourceType"]) == (200, "OperationOutcome")


def test_the_outcome_of_an_entry_is_in_the_language_of_the_request(client: Client) -> None:
    batch = {"resourceType": "Bundle", "type": "batch", "entry": [entry("DELETE", "Patient/nobody")]}
    for language in ("en", "fr"):
        told = client.post("", batch, returns="OperationOutcome", language=language).entries[0]["response"]
        expected = client.delete("Patient/nobody", returns="OperationOutcome", language=language).content
        assert told["outcome"]["issue"] == expected["issue"]


def test_conditional_delete_of_one(client: Client) -> None:
    id = client.post("Patient", identified("a")).id
    assert client.delete("Patient?identifier=urn:ids|a").status == 204
    assert client.get(f"Patient/{id}").status == 410
    assert client.delete("Patient?identifier=urn:ids|a").status == 204


@pytest.mark.parametrize("empty", ["_tag=", "_tag", "_tag=,", "_tag=%20", "_tag=%09,"])
def test_a_criterion_without_a_value_never_widens_a_condition(client: Client, empty: str) -> None:
    id = client.post("Patient", identified("a")).id
    criteria = f"identifier=urn:ids|a&{empty}"
    for answer in (
        client.delete(f"Patient?{criteria}"),
        client.put(f"Patient?{criteria}", patient()),
        client.patch(f"Patient?{criteria}", [{"op": "add", "path": "/active", "value": True}]),
        client.post("Patient", patient(), if_none_exist=criteria),
    ):
        assert answer.status == 400
        assert "_tag" in answer.diagnostics
    assert client.get(f"Patient/{id}").version == 1
    assert client.delete("Patient?identifier=urn:ids|a&_format=").status == 204


def test_conditional_delete_of_several_is_refused_unless_set(client: Client) -> None:
    client.post("Patient", identified("a"))
    client.post("Patient", identified("a"))
    assert client.delete("Patient?identifier=urn:ids|a").status == 412
    assert len(client.get("Patient").entries) == 2


def test_conditional_delete_of_several_by_setting(client_with: ClientFactory) -> None:
    client = client_with(conditional_delete_multiple=True, limits=Limits(conditional_delete_max=2))
    for _ in range(3):
        client.post("Patient", identified("a"))
    client.post("Patient", identified("b"))
    assert client.delete("Patient?identifier=urn:ids|a").status == 412
    client.delete(f"Patient/{client.get('Patient?identifier=urn:ids|a').ids[0]}")
    assert client.delete("Patient?identifier=urn:ids|a").status == 204
    assert len(client.get("Patient").entries) == 1


def test_a_whole_type_is_never_deleted(client: Client) -> None:
    client.post("Patient", patient())
    assert client.delete("Patient").status == 412
    assert len(client.get("Patient").entries) == 1
