"""Engines follow the definitions in force; what went with earlier ones is not kept."""

import gc
from typing import Any
from weakref import ref

from tests.interactions.bundles import entry, transact
from tests.interactions.client import Client, patient

ENGINES_KEPT = 2


def defined(number: int) -> dict[str, Any]:
    """A code system, which changes what is known for searches, for codes and for validation."""
    url = f"https://example.org/fhir/CodeSystem/{number}"
    return {"resourceType": "CodeSystem", "url": url, "status": "active", "content": "not-present"}


def use_all(client: Client) -> None:
    """Ask for whatever may be worked out once and remembered."""
    for search in (
        "Patient?name=a&phonetic=a&_sort=-birthdate",
        "Patient?birthdate=gt2000&birthdate=lt2010",
        "Observation?code:text=a&patient.name=b",
        "Questionnaire?_profile=https://example.org/a",
        "QuestionnaireResponse?questionnaire=https://example.org/a",
        "ValueSet/$expand?url=http://hl7.org/fhir/ValueSet/administrative-gender",
    ):
        assert client.get(search).status == 200, search
    referring = {"resourceType": "Basic", "code": {"text": "a"}, "subject": {"reference": "urn:uuid:1"}}
    named = entry("POST", "Patient", patient(), "urn:uuid:1")
    assert transact(client, named, entry("POST", "Basic", referring)).status == 200
    assert client.post("Patient/$validate", patient(gender="male")).status == 200


def test_what_went_with_earlier_definitions_is_forgotten(client: Client) -> None:
    parts: list[list[ref[Any]]] = []
    for number in range(ENGINES_KEPT + 4):
        assert client.post("CodeSystem", defined(number)).status == 201
        use_all(client)
        engine = client.engines.current()
        parts.append([ref(engine.registry), ref(engine.extractor), ref(engine.validator), ref(engine.codes)])
    del engine
    gc.collect()
    alive = [[part() is not None for part in of_one] for of_one in parts]
    assert not any(any(of_one) for of_one in alive[:-ENGINES_KEPT]), alive
