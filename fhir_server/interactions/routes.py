"""The interaction of a request, by method and path.

https://hl7.org/fhir/R4/http.html#summary
"""

from difflib import get_close_matches
from typing import Literal

from fhir_server.core.request import FhirRequest
from fhir_server.definitions.registry import Registry
from fhir_server.errors import MethodNotAllowed, NotFound, UnknownType
from fhir_server.interactions import messages
from fhir_server.interactions.search_scope import ANY_TYPE, compartment_types

Interaction = Literal[
    "read",
    "vread",
    "history",
    "search",
    "capabilities",
    "create",
    "update",
    "conditional_update",
    "patch",
    "conditional_patch",
    "delete",
    "conditional_delete",
    "bundle",
    "operation",
]

BY_SHAPE: dict[str, dict[str, Interaction]] = {
    "": {"GET": "search", "POST": "bundle"},
    "metadata": {"GET": "capabilities"},
    "_history": {"GET": "history"},
    "_search": {"GET": "search", "POST": "search"},
    "type": {
        "GET": "search",
        "POST": "create",
        "PUT": "conditional_update",
        "PATCH": "conditional_patch",
        "DELETE": "conditional_delete",
    },
    "type/_search": {"GET": "search", "POST": "search"},
    "type/_history": {"GET": "history"},
    "type/id": {"GET": "read", "PUT": "update", "PATCH": "patch", "DELETE": "delete"},
    "type/id/_history": {"GET": "history"},
    "type/id/_history/version": {"GET": "vread"},
    "type/id/type": {"GET": "search"},
    "type/id/type/_search": {"GET": "search", "POST": "search"},
    "operation": {"GET": "operation", "POST": "operation"},
}

MARKS = frozenset({"_history", "_search"})
"""Path segments that cannot be ids, which have no underscore."""


def interaction_of(request: FhirRequest, registry: Registry) -> Interaction:
    """The interaction of a request. Raises `UnknownType`, `NotFound` or `MethodNotAllowed`."""
    path = request.path
    if path and path[0] not in BY_SHAPE and path[0][0] != "$" and not registry.is_resource_type(path[0]):
        raise unknown_type(path[0], registry)
    methods = BY_SHAPE.get(_shape(path, registry))
    if methods is None:
        raise NotFound.of(messages.UNKNOWN_PATH(path="/".join(path)))
    interaction = methods.get("GET" if request.method == "HEAD" else request.method)
    if interaction is None:
        allowed = ", ".join(methods)
        text = messages.METHOD_NOT_ALLOWED(method=request.method, path=f"/{'/'.join(path)}", allowed=allowed)
        raise MethodNotAllowed.of(text)
    return interaction


def _shape(path: tuple[str, ...], registry: Registry) -> str:
    """The path with variable segments replaced by their kind; a key of `BY_SHAPE` for a valid path."""
    if path and path[-1][:1] == "$" and len(path) <= 3:
        return "operation"
    if not path or path[0] == "metadata" or path[0] in MARKS:
        return "/".join(path)
    if len(path) == 1:
        return "type"
    if len(path) == 2:
        return f"type/{path[1]}" if path[1] in MARKS else "type/id"
    return "/".join([_kind(place, part, path, registry) for place, part in enumerate(path)])


def _kind(place: int, part: str, path: tuple[str, ...], registry: Registry) -> str:
    if part in MARKS:
        return part
    if place == 2:
        member = part == ANY_TYPE or registry.is_resource_type(part)
        return "type" if member and compartment_types(registry, path[0]) else part
    return ("type", "id", "", "version")[place] if place < 4 else part


def unknown_type(name: str, registry: Registry) -> UnknownType:
    """The error for a name that is no resource type."""
    near = get_close_matches(name, registry.resource_types, n=1)
    hint = messages.NEAREST(name=near[0]) if near else "."
    return UnknownType.of(messages.UNKNOWN_TYPE(name=name, hint=hint))
