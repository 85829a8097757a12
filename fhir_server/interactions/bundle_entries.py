"""The entries of a batch or transaction Bundle, as requests.

https://hl7.org/fhir/R4/http.html#transaction
"""

import base64
import re
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote, urlsplit

from msgspec import Struct

from fhir_server.core import json
from fhir_server.core.reference import parse_reference
from fhir_server.core.request import Conditions, FhirRequest
from fhir_server.core.temporal import format_instant
from fhir_server.errors import FhirError, InvalidRequest, MalformedContent, NotFound
from fhir_server.interactions import messages
from fhir_server.interactions.patch import JSON_PATCH
from fhir_server.interactions.query_strings import parameters_of
from fhir_server.issues import Issue

_BODILESS = re.compile(r"(?:^|/)(?:_search|\$[^/?]+)(?:\?|$)")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
READING = frozenset({"GET", "HEAD"})
"""The methods that never write."""


class Entry(Struct, frozen=True):
    """One entry: its index in the Bundle, its fullUrl, and its request."""

    index: int
    full_url: str | None
    request: FhirRequest

    @property
    def location(self) -> str:
        """The FHIRPath of the entry."""
        return f"Bundle.entry[{self.index}]"

    @property
    def only_reads(self) -> bool:
        """Whether it writes nothing: a GET, or a search or an operation by POST."""
        method, path = self.request.method, self.request.path
        return method in READING or (method == "POST" and path[-1:] != () and path[-1][:1] in "$_")


def entry_of(index: int, content: dict[str, Any], outer: FhirRequest) -> Entry:
    """Parse an entry as a request of the same client, with the Bundle's preferences."""
    asked = content.get("request")
    location = f"Bundle.entry[{index}]"
    if not isinstance(asked, dict) or asked.get("method") not in METHODS or not asked.get("url"):
        raise InvalidRequest.of(messages.NO_REQUEST(), f"{location}.request")
    method, resource = asked["method"], content.get("resource")
    if resource is None and method in ("PUT", "PATCH", "POST") and not _BODILESS.search(asked["url"]):
        raise InvalidRequest.of(messages.ENTRY_WITHOUT_RESOURCE(method=method), f"{location}.resource")
    path, query = _target(asked["url"], outer.base_url, f"{location}.request.url")
    full_url = _full_url(content.get("fullUrl"), path, resource, f"{location}.fullUrl")
    if method == "PUT":
        _check_id(full_url, resource, f"{location}.fullUrl")
    if resource is not None and path[-1:] == ("_search",):
        raise InvalidRequest.of(messages.SEARCH_WITH_RESOURCE(), f"{location}.resource")
    body, content_type = resource, ""
    if method == "PATCH":
        body, content_type = _patch_document(resource, f"{location}.resource")
    request = FhirRequest(
        method=method,
        path=path,
        base_url=outer.base_url,
        query=query,
        content=body,
        content_type=content_type or "application/fhir+json",
        conditions=_conditions(asked),
        preferences=outer.preferences,
        language=outer.language,
        principal=outer.principal,
        purpose_of_use=outer.purpose_of_use,
    )
    return Entry(index, full_url, request)


def _full_url(full_url: str | None, path: tuple[str, ...], resource: Any, location: str) -> str | None:
    """The fullUrl, which must not be of a version. That of a version of the entry's own resource, as HAPI's
    client sends it, is taken as the resource's.
    https://hl7.org/fhir/R4/bundle-definitions.html#Bundle.entry.fullUrl
    """
    if not full_url or "/_history/" not in full_url:
        return full_url
    named = parse_reference(full_url)
    own = (resource.get("resourceType"), resource.get("id")) if isinstance(resource, dict) else ()
    if named.version and (named.type, named.id) not in (path[:2], own):
        raise InvalidRequest.of(messages.FULL_URL_OF_VERSION(url=full_url), location)
    return full_url.rpartition("/_history/")[0] if named.version else full_url


def _check_id(full_url: str | None, resource: Any, location: str) -> None:
    """Raise `InvalidRequest` for a fullUrl with another id than the resource of an update."""
    id = resource.get("id") if isinstance(resource, dict) else None
    if not full_url or not id or full_url.startswith("urn:"):
        return
    named = parse_reference(full_url)
    if named.type == resource.get("resourceType") and named.id != id:
        raise InvalidRequest.of(messages.FULL_URL_OTHER_ID(url=full_url, id=id), location)


def located(error: FhirError, entry: Entry) -> FhirError:
    """The same error, its issues located inside the Bundle."""
    return type(error)(*(located_issue(issue, entry) for issue in error.issues))


def located_issue(issue: Issue, entry: Entry) -> Issue:
    """The same issue, located inside the Bundle."""
    places = tuple(_inside(path, entry) for path in issue.expression)
    return Issue(issue.severity, issue.code, issue.text, places or (entry.location,), issue.key)


def response(
    status: str, *, location: str | None = None, version: int | None = None, modified: int | None = None
) -> dict[str, Any]:
    """The response element of an entry."""
    members: dict[str, Any] = {"status": status}
    if location:
        members["location"] = location
    if version is not None:
        members["etag"] = f'W/"{version}"'
    if modified is not None:
        members["lastModified"] = format_instant(modified)
    return members


def _inside(path: str, entry: Entry) -> str:
    """The path inside the Bundle for a path of a resource, or of a request's parameters."""
    root, _, rest = path.partition(".")
    if root == "Bundle":
        return path
    if root == "http":
        creates = entry.request.method == "POST" and entry.request.conditions.if_none_exist is not None
        return f"{entry.location}.request.{'ifNoneExist' if creates else 'url'}"
    return f"{entry.location}.resource.{rest}" if rest else f"{entry.location}.resource"


def _target(url: str, base_url: str, location: str) -> tuple[tuple[str, ...], tuple[tuple[str, str], ...]]:
    relative = _relative(url, base_url)
    path, _, query = relative.partition("?")
    if "://" in path:
        raise NotFound.of(messages.ENTRY_ELSEWHERE(url=url, base=base_url), location)
    if not query and "%" not in path:
        return tuple(filter(None, path.split("/"))), ()
    try:
        segments = tuple(unquote(segment, errors="strict") for segment in path.split("/") if segment)
    except UnicodeDecodeError as error:
        raise InvalidRequest.of(messages.URL_NOT_UTF8(url=url), location) from error
    return segments, parameters_of(query, url, location)


def _relative(url: str, base_url: str) -> str:
    """A URL without the base, which may be absolute, or a path on its host as in /fhir/Patient."""
    base = urlsplit(base_url).path if url.startswith("/") else base_url
    return url.removeprefix(f"{base}/").lstrip("/")


def _conditions(asked: dict[str, Any]) -> Conditions:
    return Conditions(
        if_match=asked.get("ifMatch"),
        if_none_match=asked.get("ifNoneMatch"),
        if_modified_since=asked.get("ifModifiedSince"),
        if_none_exist=asked.get("ifNoneExist"),
    )


def _patch_document(resource: Any, location: str) -> tuple[Any, str]:
    """The patch of an entry and its media type. A JSON Patch in a Bundle is a Binary with base64 data."""
    if not isinstance(resource, dict) or resource.get("resourceType") != "Binary":
        return resource, ""
    content_type = str(resource.get("contentType")).partition(";")[0].strip().lower()
    if content_type != JSON_PATCH:
        return resource, content_type
    data = resource.get("data")
    try:
        decoded = base64.b64decode("".join(data.split()), validate=True) if isinstance(data, str) else b""
        return json.parse(decoded), JSON_PATCH
    except (ValueError, MalformedContent) as error:
        raise InvalidRequest.of(messages.PATCH_NOT_A_LIST(), f"{location}.data") from error


def reasoned(status: int) -> str:
    """The status as a Bundle writes it, such as `201 Created`."""
    return f"{status} {HTTPStatus(status).phrase}"


def entries_by_method(entries: Iterable[Entry], *methods: str) -> list[Entry]:
    """The entries with one of these methods, in the order of the Bundle."""
    return [entry for entry in entries if entry.request.method in methods]
