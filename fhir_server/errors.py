"""All errors that reach a client, and the table of their HTTP statuses and R4 issue codes.

    FhirError
      InvalidRequest          400  the request line, a header or a parameter is wrong
        InvalidSearch         400  a search that cannot be understood
      MalformedContent        400  a body that is no JSON, or breaks the R4 definitions
      Unauthenticated         401
      Forbidden               403
      NotFound                404
      UnknownType             404  no such resource type or operation
      MethodNotAllowed        405
      NotAcceptable           406
      RequestTimeout          408  a request that did not come to its end in time
      Conflict                409
      Gone                    410  deleted
      PreconditionFailed      412  a stale If-Match, or several matches for a condition
      ContentTooLarge         413
      UnsupportedMediaType    415
      Unprocessable           422  well formed, but against a profile or a rule of the server
        BusinessRule          422  against a rule of the care programme
        SnapshotError         422  a StructureDefinition from which no snapshot can be made
      TooManyRequests         429
      NotSupported            501
      StoreUnavailable        503  try again later
      StoreFull               507

https://hl7.org/fhir/R4/http.html#Status-Codes
"""

from typing import Self

from fhir_server.issues import Issue, IssueType, Severity, Text

_SEVERITY_ORDER = ("fatal", "error", "warning", "information")


class FhirError(Exception):
    """A failed request, with the issues of its OperationOutcome, most severe first."""

    def __init__(self, *issues: Issue) -> None:
        issues = tuple(sorted(issues, key=lambda issue: _SEVERITY_ORDER.index(issue.severity)))
        super().__init__("; ".join(map(str, issues)))
        self.issues = issues

    @classmethod
    def of(
        cls, text: Text, *expression: str, code: IssueType | None = None, severity: Severity = "error"
    ) -> Self:
        """The error with one issue, whose code is by default that of this class."""
        return cls(Issue(severity, code or issue_code(cls), text, expression))


class InvalidRequest(FhirError): ...


class InvalidSearch(InvalidRequest): ...


class MalformedContent(FhirError): ...


class Unauthenticated(FhirError): ...


class Forbidden(FhirError): ...


class NotFound(FhirError): ...


class UnknownType(FhirError): ...


class MethodNotAllowed(FhirError):
    """`allowed` are the methods for the Allow header; empty where the path determines them."""

    allowed: tuple[str, ...] = ()


class NotAcceptable(FhirError): ...


class RequestTimeout(FhirError): ...


class Conflict(FhirError): ...


class Gone(FhirError): ...


class PreconditionFailed(FhirError): ...


class ContentTooLarge(FhirError): ...


class UnsupportedMediaType(FhirError): ...


class Unprocessable(FhirError): ...


class BusinessRule(Unprocessable): ...


class SnapshotError(Unprocessable): ...


class TooManyRequests(FhirError): ...


class NotSupported(FhirError): ...


class StoreUnavailable(FhirError): ...


class StoreFull(FhirError): ...


ANSWERS: dict[type[FhirError], tuple[int, IssueType]] = {
    InvalidRequest: (400, "invalid"),
    InvalidSearch: (400, "invalid"),
    MalformedContent: (400, "structure"),
    Unauthenticated: (401, "login"),
    Forbidden: (403, "forbidden"),
    NotFound: (404, "not-found"),
    UnknownType: (404, "not-supported"),
    MethodNotAllowed: (405, "not-supported"),
    NotAcceptable: (406, "not-supported"),
    RequestTimeout: (408, "timeout"),
    Conflict: (409, "conflict"),
    Gone: (410, "deleted"),
    PreconditionFailed: (412, "conflict"),
    ContentTooLarge: (413, "too-long"),
    UnsupportedMediaType: (415, "not-supported"),
    Unprocessable: (422, "processing"),
    BusinessRule: (422, "business-rule"),
    SnapshotError: (422, "invalid"),
    TooManyRequests: (429, "throttled"),
    NotSupported: (501, "not-supported"),
    StoreUnavailable: (503, "transient"),
    StoreFull: (507, "no-store"),
}


def status_of(error: FhirError) -> int:
    """The HTTP status of the response to this error."""
    return ANSWERS[type(error)][0]


def issue_code(kind: type[FhirError]) -> IssueType:
    """The default R4 issue code of this kind of error."""
    return ANSWERS[kind][1]
