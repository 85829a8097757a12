"""A FHIR request and its response, free of any transport.

A Bundle entry becomes a `FhirRequest` and is dispatched like an HTTP request. Both classes are instantiated
for every request, and a frozen Struct takes a tenth of the time of a frozen dataclass.
https://hl7.org/fhir/R4/http.html
"""

from typing import Any, Literal

from msgspec import Struct

from fhir_server.issues import Issue, Language

Return = Literal["minimal", "representation", "OperationOutcome"]


class Principal(Struct, frozen=True):
    """The caller. Scopes are for a future access control; the open server has only the anonymous caller."""

    id: str = "anonymous"
    scopes: tuple[str, ...] = ()


class Preferences(Struct, frozen=True):
    """The Prefer header. `lenient`: ignore unknown search parameters, with a warning."""

    returns: Return | None = None
    lenient: bool = False
    respond_async: bool = False


class Conditions(Struct, frozen=True):
    """The conditional headers, verbatim."""

    if_match: str | None = None
    if_none_match: str | None = None
    if_modified_since: str | None = None
    if_unmodified_since: str | None = None
    if_none_exist: str | None = None


class FhirRequest(Struct, frozen=True):
    """One request below the FHIR base.

    `path` is split at slashes and percent-decoded; `query` holds the parameters of the URL and, for a
    search by POST, of the form, in order. `content` is the parsed JSON body, or the patch document; None
    without a body. `content_type` is the media type without parameters.
    `language` is that of messages; `accept_language`, the header, may ask for displays in any other.
    """

    method: str
    path: tuple[str, ...]
    base_url: str
    query: tuple[tuple[str, str], ...] = ()
    content: Any = None
    content_type: str = ""
    conditions: Conditions = Conditions()
    preferences: Preferences = Preferences()
    language: Language = "en"
    principal: Principal = Principal()
    purpose_of_use: str | None = None
    accept_language: str = ""

    def parameter(self, name: str) -> str | None:
        """The last value of a query parameter; None when absent."""
        for key, value in reversed(self.query):
            if key == name:
                return value
        return None


class FhirResponse(Struct, frozen=True):
    """A response. `body` is a resource as JSON bytes, or None; `version` becomes the ETag, `last_updated`
    (UTC microseconds) Last-Modified. `location` is relative to the base. `issues` are remarks on a successful
    write.
    """

    status: int
    body: bytes | None = None
    version: int | None = None
    last_updated: int | None = None
    location: str | None = None
    content_location: str | None = None
    issues: tuple[Issue, ...] = ()
    media_type: str = "application/fhir+json"
