"""Idempotent transaction Bundles: every creation is conditional on the identifier of its resource.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterable

from fhir_server.core.name_based_uuid import name_based_uuid
from mappings.sesame.guide import Resource


def condition(resource: Resource) -> str:
    """The search criteria that find a resource by its first identifier: `identifier=system|value`."""
    found = resource["identifier"]
    first = found[0] if isinstance(found, list) else found
    return f"identifier={first['system']}|{first['value']}"


def query(resource: Resource) -> str:
    """The conditional reference of a resource: `Patient?identifier=system|value`."""
    return f"{resource['resourceType']}?{condition(resource)}"


def full_url(resource: Resource) -> str:
    """The `urn:uuid` of a resource inside a Bundle, derived from its identifier: the same at each call."""
    return f"urn:uuid:{name_based_uuid(query(resource))}"


def inside(resource: Resource) -> Resource:
    """A Reference to a resource of the same Bundle."""
    return {"reference": full_url(resource)}


def stored(resource: Resource) -> Resource:
    """A Reference to a resource that the server already holds."""
    return {"reference": query(resource)}


def create(resource: Resource) -> Resource:
    """An entry that creates the resource, unless one with its identifier exists."""
    request = {"method": "POST", "url": resource["resourceType"], "ifNoneExist": condition(resource)}
    return {"fullUrl": full_url(resource), "resource": resource, "request": request}


def replace(resource: Resource, version: int | None = None) -> Resource:
    """An entry that updates the one resource with this identifier, provided that it is at `version`."""
    request = {"method": "PUT", "url": query(resource)}
    if version is not None:
        request["ifMatch"] = f'W/"{version}"'
    return {"fullUrl": full_url(resource), "resource": resource, "request": request}


def transaction(entries: Iterable[Resource]) -> Resource:
    """The transaction Bundle of these entries."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
