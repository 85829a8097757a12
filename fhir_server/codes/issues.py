"""Findings about codes, each with its kind from HL7's list for terminology services.

https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig
"""

from fhir_server.errors import FhirError
from fhir_server.issues import Issue, IssueType, Severity, Text

ISSUE_TYPE = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"


def tx_issue(severity: Severity, code: IssueType, kind: str, text: Text, *expression: str) -> Issue:
    """An issue of the R4 type `code`, and of the terminology service's type `kind`."""
    return Issue(severity, code, text, expression, f"{ISSUE_TYPE}#{kind}")


def tx_error(
    error: type[FhirError], text: Text, code: IssueType, *expression: str, kind: str | None = None
) -> FhirError:
    """The error that answers a request with one finding; its kind is its issue type unless `kind` says."""
    return error(tx_issue("error", code, kind or code, text, *expression))
