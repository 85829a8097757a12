"""Binary resources in their native format: documents sent or asked for as they are.

A client that accepts FHIR, or anything, gets the resource, so that no page can be made to show what another
client has stored. https://hl7.org/fhir/R4/binary.html#rest
"""

import base64
import re
from typing import Any

from msgspec import structs

from fhir_server.api import messages, negotiation
from fhir_server.api.headers import Headers, text
from fhir_server.api.target import names_resources
from fhir_server.core import json
from fhir_server.core.request import FhirResponse
from fhir_server.errors import NotAcceptable

TYPE = "Binary"
SHAPES = {"GET": (2, 4), "HEAD": (2, 4), "POST": (1,), "PUT": (2,)}
"""The number of path segments of a request on a Binary, by method."""

FHIR_NAMES = negotiation.JSON_NAMES | {"application/fhir+xml"}
MEDIA_TYPE = re.compile(r"[\w.+-]+/[\w.+-]+[ -~]*", re.ASCII)


def is_single_binary(method: str, path: tuple[str, ...]) -> bool:
    """Whether the request reads, creates or updates one Binary by its id."""
    return path[:1] == (TYPE,) and len(path) in SHAPES.get(method, ()) and names_resources(path)


def is_sent_as_it_is(method: str, path: tuple[str, ...], headers: Headers) -> bool:
    """Whether the body is a document in its native format, not a resource."""
    content_type = text(headers, b"content-type")
    if not content_type or method == "GET" or not is_single_binary(method, path):
        return False
    return negotiation.media_range(content_type).name not in FHIR_NAMES


def is_other_json(content: Any, content_type: str, method: str, path: tuple[str, ...]) -> bool:
    """Whether a JSON body for a Binary is itself the document: another resource, or no resource at all.

    FHIR JSON without a resourceType is no document, but a malformed Binary.
    """
    if not is_single_binary(method, path):
        return False
    type = content.get("resourceType") if isinstance(content, dict) else None
    return type != TYPE and (type is not None or content_type != negotiation.FHIR_JSON)


def resource_of(document: bytes, path: tuple[str, ...], headers: Headers) -> dict[str, Any]:
    """The Binary of a document that was sent in its native format."""
    content_type = " ".join((text(headers, b"content-type") or "").split())
    resource = {
        "resourceType": TYPE,
        "contentType": content_type,
        "data": base64.b64encode(document).decode(),
    }
    if len(path) == 2:
        resource["id"] = path[1]
    stands_for = text(headers, b"x-security-context")
    return {**resource, "securityContext": {"reference": stands_for}} if stands_for else resource


def as_it_is(response: FhirResponse, accept: bytes) -> FhirResponse:
    """The response to a read, with the document in place of its Binary.

    Raises `NotAcceptable` if the client does not accept the document's media type.
    """
    if response.body is None:
        return response
    resource = json.parse_own(response.body)
    media_type = resource["contentType"]
    if not MEDIA_TYPE.fullmatch(media_type) or not negotiation.accepts(accept, media_type):
        raise NotAcceptable.of(messages.BINARY_OF_OTHER_TYPE(given=media_type))
    return structs.replace(response, body=base64.b64decode(resource.get("data", "")), media_type=media_type)
