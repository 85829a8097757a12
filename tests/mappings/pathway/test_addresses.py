"""Absolute references with this server's own address lead to the same resources."""

from typing import Any

import pytest

from fhir_server.core import json
from fhir_server.search.extract import Extractor
from mappings.sesame.cohort.team import make_team, team_bundle
from tests.interactions.client import ZONE, Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import UNTIL_ASSESSED, begin, claims, sent, stored
from tests.mappings.pathway.referrals import only
from tests.mappings.story import steps
from tests.mappings.validity import GUIDE, REGISTRY

OWN = "http://127.0.0.1:8080/fhir"
WHOLE = {"Patient", "EpisodeOfCare", "Encounter", "ServiceRequest", "CareTeam", "Coverage"}


@pytest.fixture
def addressed(pathway: Pathway) -> Client:
    """A client of a server that knows its own address."""
    return pathway(extractor=Extractor(REGISTRY, ZONE, OWN))


def with_address(client: Client, bundle: dict[str, Any]) -> dict[str, Any]:
    """The Bundle with whole URLs for what is on record already."""
    text = json.serialise(bundle).decode()
    for type in WHOLE:
        for entry in client.get(type).entries:
            for identifier in entry["resource"].get("identifier", []):
                query = f'"{type}?identifier={identifier["system"]}|{identifier["value"]}"'
                text = text.replace(f'"reference":{query}', f'"reference":"{entry["fullUrl"]}"')
    found: dict[str, Any] = json.parse(text.encode())
    return found


def test_the_pathway_holds_for_whole_urls(addressed: Client) -> None:
    sent(addressed.post("", team_bundle(GUIDE, make_team(GUIDE))))
    for name in UNTIL_ASSESSED:
        sent(addressed.post("", with_address(addressed, steps()[name])))
    task = only(addressed, "Task", "code=referral")
    assert task["for"]["reference"].startswith(OWN)
    assert only(addressed, "ServiceRequest")["status"] == "active"
    plan = with_address(addressed, steps()["05-sequence-1"])
    sent(addressed.post("", plan))
    assert stored(addressed, "2025-0001-1")["subject"]["reference"].startswith(OWN)
    assert [claim["status"] for claim in claims(addressed)] == ["active"]
    again = begin(addressed, 1, "2025-02-01", "2025-04-30")
    assert (again.status, "overlaps" in again.diagnostics) == (422, True)
    sequence = stored(addressed, "2025-0001-1")["id"]
    sent(addressed.post(f"CarePlan/{sequence}/$renew"))
    nurse = only(addressed, "EpisodeOfCare")["careManager"]["reference"].removeprefix(f"{OWN}/")
    told = addressed.get(f"{nurse}/$file-active?date=2025-02-01").content["entry"]
    assert len(told) > 1
