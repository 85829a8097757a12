"""Checks of batch and transaction requests: method, url and resource must fit each other.

https://hl7.org/fhir/R4/http.html#transaction
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue, Text
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.bundle_references import references_of
from fhir_server.validation.checks.check import finding
from fhir_server.validation.findings import excerpt

FORMS = {
    "POST": "Type",
    "PUT": "Type/id, Type?...",
    "PATCH": "Type/id, Type?...",
    "DELETE": "Type/id, Type?...",
}
WITH_RESOURCE = ("POST", "PUT", "PATCH")


def request_issues(entry: dict[str, Any], place: str, registry: Registry) -> Iterator[Issue]:
    """The issues of one entry that no server could process."""
    request, resource = entry.get("request"), entry.get("resource")
    if not request or "method" not in request or "url" not in request:
        return
    method, url = request["method"], request["url"]
    path, _, query = url.partition("?")
    segments = [segment for segment in path.split("/") if segment]
    if "$" in path or "_search" in segments or method not in FORMS or "://" in url:
        return
    where = f"{place}.request.url"
    if resource is None and method in WITH_RESOURCE:
        text = messages.REQUEST_NO_BODY(method=method)
        yield finding("error", "required", "request-resource", text, f"{place}.resource")
    if not _has_form(method, segments, query, registry):
        text = messages.REQUEST_URL(method=method, wanted=FORMS[method], url=excerpt(url))
        yield finding("error", "invalid", "request-url", text, where)
    elif resource is not None and (problem := _disagreement(method, url, segments, resource)):
        yield finding("error", "invalid", "request-url", problem, where)
    if method == "PUT" and "fullUrl" not in entry and _refers(resource):
        text = messages.FULL_URL_OF_UPDATE(method=method)
        yield finding("warning", "required", "full-url-update", text, f"{place}.fullUrl")
    if resource is not None and method == "DELETE":
        text = messages.REQUEST_BODY(method=method)
        yield finding("warning", "invalid", "request-resource", text, f"{place}.resource")


def _refers(resource: Any) -> bool:
    """Whether a resource has references to other resources."""
    return any(not literal.startswith("#") for literal in references_of(resource))


def _has_form(method: str, segments: list[str], query: str, registry: Registry) -> bool:
    if not segments or not registry.is_resource_type(segments[0]):
        return False
    if len(segments) == 1:
        return method == "POST" or bool(query)
    return len(segments) == 2 and method != "POST" and not query


def _disagreement(method: str, url: str, segments: list[str], resource: dict[str, Any]) -> Text | None:
    """The message for a create or update whose url names another resource than the given one."""
    if method not in ("POST", "PUT"):
        return None
    found = resource.get("resourceType")
    if found != segments[0]:
        return messages.REQUEST_TYPE(method=method, url=excerpt(url), wanted=segments[0], found=found)
    if method == "PUT" and len(segments) == 2 and resource.get("id") != segments[1]:
        return messages.REQUEST_ID(method=method, url=excerpt(url), found=excerpt(resource.get("id")))
    return None
