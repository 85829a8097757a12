"""What was made of a write beforehand is written only where nothing has changed by the time of its unit."""

from collections.abc import Callable
from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import PreconditionFailed
from tests.interactions.client import BASE, Client, identified, patient

WHO = "Patient?identifier=urn:ids|1"
URN = "urn:uuid:8d4e7a10-5c6b-4f2e-9d3a-1b2c3d4e5f60"


def observation(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "poids"},
        "subject": {"reference": subject},
    }


def entry(resource: dict[str, Any], method: str = "POST", url: str = "", **members: Any) -> dict[str, Any]:
    request = {"method": method, "url": url or resource["resourceType"]}
    asked = {name: members.pop(name) for name in list(members) if name.startswith("if")}
    return {"resource": resource, "request": request | asked, **members}


def begun(client: Client, *entries: dict[str, Any]) -> Callable[[], FhirResponse]:
    content = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
    parsed = json.parse(json.serialise(content))
    return client.dispatcher.prepare(FhirRequest("POST", (), BASE, content=parsed))


def alone(client: Client, resource: dict[str, Any]) -> Callable[[], FhirResponse]:
    return client.dispatcher.prepare(FhirRequest("POST", (resource["resourceType"],), BASE, content=resource))


def together(client: Client, resource: dict[str, Any]) -> Callable[[], FhirResponse]:
    return begun(client, entry(resource))


def subjects(client: Client) -> list[str]:
    """Whom the Observations are about, and that they are found by it."""
    found = [entry["resource"]["subject"]["reference"] for entry in client.get("Observation").entries]
    for subject in found:
        assert len(client.get(f"Observation?subject={subject}").entries) == found.count(subject)
    return found


def borne_by_another(client: Client, former: str) -> str:
    """Give the identifier to another patient, whose id this is."""
    assert client.delete(f"Patient/{former}").status == 204
    return client.post("Patient", identified("1")).id


@pytest.mark.parametrize("begin", [alone, together])
def test_a_reference_leads_to_who_bears_the_identifier_when_it_is_written(client: Client, begin: Any) -> None:
    first = client.post("Patient", identified("1")).id
    begin(client, observation(WHO))()
    rest = begin(client, observation(WHO))
    second = borne_by_another(client, first)
    rest()
    begin(client, observation(WHO))()
    assert subjects(client) == [f"Patient/{first}", f"Patient/{second}", f"Patient/{second}"]


@pytest.mark.parametrize("begin", [alone, together])
def test_a_reference_that_leads_nowhere_any_more_is_refused(client: Client, begin: Any) -> None:
    first = client.post("Patient", identified("1")).id
    begin(client, observation(WHO))()
    rest = begin(client, observation(WHO))
    client.delete(f"Patient/{first}")
    with pytest.raises(PreconditionFailed):
        rest()
    client.post("Patient", identified("1"))
    client.post("Patient", identified("1"))
    with pytest.raises(PreconditionFailed):
        begin(client, observation(WHO))()


def test_what_another_has_created_meanwhile_is_referred_to(client: Client) -> None:
    creating = entry(identified("1"), ifNoneExist="identifier=urn:ids|1", fullUrl=URN)
    rest = begun(client, creating, entry(observation(URN)))
    other = client.post("Patient", identified("1")).id
    rest()
    assert subjects(client) == [f"Patient/{other}"]
    assert client.get("Patient").content["total"] == 1


def test_what_is_created_as_prepared_is_referred_to(client: Client) -> None:
    creating = entry(identified("1"), ifNoneExist="identifier=urn:ids|1", fullUrl=URN)
    begun(client, creating, entry(observation(URN)))()
    (created,) = client.get(WHO).ids
    assert subjects(client) == [f"Patient/{created}"]


@pytest.mark.parametrize("changed", [False, True])
def test_an_update_goes_to_who_bears_the_identifier_when_it_is_written(client: Client, changed: bool) -> None:
    target = client.post("Patient", identified("1")).id
    updating = entry(identified("1", gender="female"), "PUT", WHO, fullUrl=URN)
    rest = begun(client, updating, entry(observation(URN)))
    if changed:
        target = borne_by_another(client, target)
    rest()
    assert subjects(client) == [f"Patient/{target}"]
    assert client.get(f"Patient?gender=female&_id={target}").ids == [target]
    assert client.get(f"Patient/{target}").content["meta"]["versionId"] == "2"


def test_a_version_that_is_referred_to_is_the_one_that_is_written(client: Client) -> None:
    client.put("Patient/a", patient(id="a"))
    updating = entry(patient(id="a", gender="female"), "PUT", "Patient/a", fullUrl=f"{BASE}/Patient/a")
    rest = begun(client, updating, entry(observation(f"{BASE}/Patient/a/_history/1")))
    client.put("Patient/a", patient(id="a", gender="male"))
    rest()
    assert [entry["resource"]["subject"]["reference"] for entry in client.get("Observation").entries] == [
        "Patient/a/_history/3"
    ]
    assert client.engine.store.check() == []
