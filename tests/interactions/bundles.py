"""Entries of Bundles, and what became of them. https://hl7.org/fhir/R4/bundle.html"""

from typing import Any

from tests.interactions.client import Answer, Client


def entry(
    method: str, url: str, resource: Any = None, full_url: str | None = None, **request: str
) -> dict[str, Any]:
    """One entry of a Bundle."""
    built: dict[str, Any] = {"request": {"method": method, "url": url, **request}}
    if resource is not None:
        built["resource"] = resource
    if full_url is not None:
        built["fullUrl"] = full_url
    return built


def encounter(subject: str) -> dict[str, Any]:
    return {
        "resourceType": "Encounter",
        "status": "planned",
        "class": {"code": "AMB"},
        "subject": {"reference": subject},
    }


def identity(answer: Answer, index: int) -> str:
    """What an entry has written, such as Patient/123."""
    return str(answer.entries[index]["response"]["location"]).partition("/_history")[0]


def subject_of(client: Client, answer: Answer, index: int) -> str:
    """What the Encounter that an entry has written refers to."""
    return str(client.get(identity(answer, index)).content["subject"]["reference"])


def statuses(answer: Answer) -> list[str]:
    return [entry["response"]["status"][:3] for entry in answer.entries]


def transact(client: Client, *entries: Any, **how: Any) -> Answer:
    return client.post("", {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}, **how)


def batch(client: Client, *entries: Any, **how: Any) -> Answer:
    return client.post("", {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}, **how)
