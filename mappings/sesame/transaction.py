"""Transaction Bundles that can be sent twice: every creation is conditional on its identifier.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterable

from fhir_server.core.name_based_uuid import name_based_uuid
from mappings.sesame.guide import Resource


def condition(resource: Resource) -> str:
    """The search that finds a resource by its first identifier: `identifier=system|value`."""
    found = resource["identifier"]
    first = found[0] if isinstance(found, list) else found
    return f"identifier={first['system']}|{first['value']}"


def query(resource: Resource) -> str:
    """The same search with its type, `Patient?identifier=system|value`: a conditional reference."""
    return f"{resource['resourceType']}?{condition(resource)}"


def full_url(resource: Resource) -> str:
    """A `urn:uuid` of its own for a resource inside a Bundle: the same at each call."""
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
    """An entry that replaces the one resource that bears its identifier, if it stands at `version`."""
    request = {"method": "PUT", "url": query(resource)}
    if version is not None:
        request["ifMatch"] = f'W/"{version}"'
    return {"fullUrl": full_url(resource), "resource": resource, "request": request}


def transaction(entries: Iterable[Resource]) -> Resource:
    """The transaction Bundle of these entries."""
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
