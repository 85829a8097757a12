"""Transaction Bundles and single requests built from the corpus.

https://hl7.org/fhir/R4/http.html#transaction
"""

import re
from collections.abc import Iterable, Mapping

from benchmarks import corpus, wire
from benchmarks.corpus import Resource

URN = re.compile(rb"urn:uuid:([0-9a-f-]{36})")


def transaction(entries: Iterable[Resource]) -> bytes:
    """The POST of a transaction Bundle."""
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}
    return wire.request("POST", "/fhir", corpus.serialised(bundle))


def creation(full_url: str, resource: Resource) -> Resource:
    """The entry that creates a resource with a temporary URN."""
    return {
        "fullUrl": full_url,
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"]},
    }


def placement(resource: Resource) -> Resource:
    """The entry that creates or updates a resource under its own id."""
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def create(resource: Mapping[str, object]) -> bytes:
    """The POST of one resource."""
    body = corpus.serialised(resource)
    return wire.request("POST", f"/fhir/{resource['resourceType']}", body)


def creates(resources: Mapping[str, Resource]) -> list[bytes]:
    """A POST of each resource of a transaction. Temporary URNs become dangling literal references, which a
    server accepts.
    """
    types: dict[bytes, bytes] = {urn.encode(): one["resourceType"].encode() for urn, one in resources.items()}

    def literal(found: re.Match[bytes]) -> bytes:
        return types[found[0]] + b"/" + found[1]

    bodies = ((one["resourceType"], URN.sub(literal, corpus.serialised(one))) for one in resources.values())
    return [wire.request("POST", f"/fhir/{name}", body) for name, body in bodies]
