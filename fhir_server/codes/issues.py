"""Issues of the terminology service, each with a code of HL7's tx-issue-type.

https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig
"""

from fhir_server.errors import FhirError
from fhir_server.issues import Issue, IssueType, Severity, Text

ISSUE_TYPE = "http://hl7.org/fhir/tools/CodeSystem/tx-issue-type"


def tx_issue(severity: Severity, code: IssueType, kind: str, text: Text, *expression: str) -> Issue:
    """An issue with the R4 issue type `code` and the tx-issue-type `kind`."""
    return Issue(severity, code, text, expression, f"{ISSUE_TYPE}#{kind}")


def tx_error(
    error: type[FhirError], text: Text, code: IssueType, *expression: str, kind: str | None = None
) -> FhirError:
    """The error for a request with one issue; the tx-issue-type is `code` unless `kind` is given."""
    return error(tx_issue("error", code, kind or code, text, *expression))
