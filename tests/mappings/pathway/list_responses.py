"""Requests lists and parses their responses."""

import csv
from io import StringIO
from typing import Any
from urllib.parse import parse_qsl

from fhir_server.core.request import FhirRequest, FhirResponse
from tests.interactions.client import BASE, Client


def role_of(client: Client, episode: dict[str, Any] | None = None) -> str:
    """The PractitionerRole of the nurse of an episode, by default of the only one on record."""
    found = episode or client.get("EpisodeOfCare").entries[0]["resource"]
    reference: str = found["careManager"]["reference"]
    return reference.removeprefix("PractitionerRole/")


def psychiatrist_of(client: Client) -> str:
    """The psychiatrist of the only care team on record."""
    (entry,) = client.get("CareTeam").entries
    for member in entry["resource"]["participant"]:
        if member["role"][0]["coding"][0]["code"] == "psychiatre":
            reference: str = member["member"]["reference"]
            return reference.removeprefix("PractitionerRole/")
    raise AssertionError("the team has a psychiatrist")


def lines(content: dict[str, Any]) -> list[dict[str, Any]]:
    """The episodes of a list, each as its parts by name; `reasons` are the codes of its reasons."""
    holders = [entry["resource"] for entry in content.get("entry", ())] or [content]
    return [
        _parts(parameter["part"])
        for holder in holders
        for parameter in holder.get("parameter", ())
        if parameter["name"] == "episode"
    ]


def _parts(parts: list[dict[str, Any]]) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for part in parts:
        if part["name"] == "reason":
            told.setdefault("reasons", []).append(part["part"][0]["valueCode"])
            told.setdefault("texts", []).append(part["part"][1]["valueString"])
        else:
            (value,) = [value for name, value in part.items() if name.startswith("value")]
            told[part["name"]] = value
    return told


def raw(client: Client, url: str) -> FhirResponse:
    """The answer as it is sent, be it JSON or not."""
    path, _, query = url.partition("?")
    pairs = tuple(parse_qsl(query, keep_blank_values=True))
    return client.dispatcher.dispatch(FhirRequest("GET", tuple(path.split("/")), BASE, query=pairs))


def table(client: Client, url: str) -> list[dict[str, str]]:
    """The rows of a table as a spreadsheet would read them."""
    response = raw(client, url)
    assert response.media_type == "text/csv; charset=utf-8"
    assert response.body is not None
    return list(csv.DictReader(StringIO(response.body.decode(), newline="")))
