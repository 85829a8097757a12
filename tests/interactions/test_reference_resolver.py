"""What validation finds in the store."""

from typing import Any

import pytest

from fhir_server.interactions.reference_resolver import canonical_resolver, resolver
from fhir_server.store.port import Store
from tests.interactions.client import BASE, Client, patient

URL = "https://example.org/fhir/Questionnaire/habits"


def form(version: str, required: bool) -> dict[str, Any]:
    question = {"linkId": "a", "type": "string", "required": required}
    return {
        "resourceType": "Questionnaire",
        "url": URL,
        "version": version,
        "status": "active",
        "item": [question],
    }


def response(questionnaire: str) -> dict[str, Any]:
    return {"resourceType": "QuestionnaireResponse", "questionnaire": questionnaire, "status": "completed"}


def test_references_lead_to_living_resources_of_this_server(client: Client, store: Store) -> None:
    client.put("Patient/p", patient(id="p"))
    client.put("Patient/gone", patient(id="gone"))
    client.delete("Patient/gone")
    resolve = resolver(store, BASE)
    for text in ("Patient/p", f"{BASE}/Patient/p", "Patient/p/_history/1"):
        assert (resolve(text) or {}).get("id") == "p"
    for text in ("Patient/q", "Patient/gone", "https://other.example/Patient/p", "#p", "urn:uuid:p", "?", ""):
        assert resolve(text) is None


@pytest.mark.parametrize(("version", "found"), [("", "2"), ("|1", "1"), ("|2", "2"), ("|3", None)])
def test_a_canonical_leads_to_the_version_named_or_the_last(
    client: Client, store: Store, version: str, found: str | None
) -> None:
    for one in ("1", "2"):
        client.post("Questionnaire", form(one, required=False))
    assert (canonical_resolver(store)(URL + version) or {}).get("version") == found


def test_answers_are_checked_against_stored_questionnaires_when_they_are_written(client: Client) -> None:
    client.post("Questionnaire", form("1", required=False))
    client.post("Questionnaire", form("2", required=True))
    assert client.post("QuestionnaireResponse", response(f"{URL}|1")).status == 201
    refused = client.post("QuestionnaireResponse", response(f"{URL}|2"))
    assert (refused.status, refused.expressions[:1]) == (422, ["QuestionnaireResponse"])
    assert client.post("QuestionnaireResponse", response(f"{URL}|3")).status == 201
