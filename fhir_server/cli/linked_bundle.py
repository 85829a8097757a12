"""Bundles whose resources refer to one another by entry, so that they must be stored together.

https://hl7.org/fhir/R4/bundle.html#references
"""

from typing import Any

from fhir_server.extension import Resource
from fhir_server.interactions.literal_references import references_in


def linked_transaction(entries: list[Any]) -> Resource | None:
    """The transaction that stores these entries of a Bundle with their ids or new ones.

    None where no reference leads to an entry by its URN, or where an entry has no resource.
    """
    if not all(isinstance(entry, dict) and is_resource(entry.get("resource")) for entry in entries):
        return None
    urns = {url for entry in entries if isinstance(url := entry.get("fullUrl"), str) and url[:4] == "urn:"}
    resources = (entry["resource"] for entry in entries)
    references = (text for resource in resources for _, text in references_in(resource))
    if not any(text.partition("#")[0] in urns for text in references):
        return None
    return {"resourceType": "Bundle", "type": "transaction", "entry": [_write(entry) for entry in entries]}


def is_resource(content: Any) -> bool:
    """Whether a JSON value is an object with a resourceType."""
    return isinstance(content, dict) and isinstance(content.get("resourceType"), str)


def _write(entry: dict[str, Any]) -> dict[str, Any]:
    resource = entry["resource"]
    type, id = resource["resourceType"], resource.get("id")
    asked = {"method": "POST", "url": type}
    if isinstance(id, str):
        asked = {"method": "PUT", "url": f"{type}/{id}"}
    named = {"fullUrl": entry["fullUrl"]} if "fullUrl" in entry else {}
    return {**named, "resource": resource, "request": asked}
