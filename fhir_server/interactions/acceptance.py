"""Acceptance of a resource that a client sends: an object of the right type, and structurally valid.

https://hl7.org/fhir/R4/validation.html
"""

import re
from typing import Any

from fhir_server.errors import InvalidRequest, MalformedContent
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")


def accepted(content: Any, type: str, engine: Engine) -> Resource:
    """`content` as a resource of `type`. Raises `MalformedContent` with every problem found."""
    if content is None:
        raise InvalidRequest.of(messages.BODY_NEEDED(type=type))
    issues = engine.validator.validate(content)
    if any(issue.severity in ("error", "fatal") for issue in issues):
        raise MalformedContent(*issues)
    if content["resourceType"] != type:
        given = content["resourceType"]
        raise InvalidRequest.of(messages.WRONG_TYPE(given=given, type=type), f"{given}.resourceType")
    resource: Resource = content
    return resource


def accepted_for_create(content: Any, type: str, engine: Engine) -> Resource:
    """As `accepted`, with the client's id left out: a create gives an id of its own, whatever that one is."""
    if isinstance(content, dict) and "id" in content:
        content = {name: value for name, value in content.items() if name != "id"}
    return accepted(content, type, engine)


def check_id(id: str) -> None:
    """Raises `InvalidRequest` for what is no logical id."""
    if not _ID.fullmatch(id):
        raise InvalidRequest.of(messages.BAD_ID(id=id))


def check_same_id(resource: Resource, id: str) -> None:
    """Raises `InvalidRequest` unless the body names the id of the URL."""
    given = resource.get("id")
    location = f"{resource['resourceType']}.id"
    if given is None:
        raise InvalidRequest.of(messages.NO_ID(id=id), location)
    if given != id:
        raise InvalidRequest.of(messages.OTHER_ID(given=given, id=id), location)
