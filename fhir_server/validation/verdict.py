"""What is told of the findings of conformance: issues, each once, and no more than are of use.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from typing import Any

from fhir_server.issues import Issue, Severity, Text
from fhir_server.validation import messages
from fhir_server.validation.findings import FINDINGS_MAX, Findings
from fhir_server.validation.profiles.extensions import Misplaced
from fhir_server.validation.profiles.messages import DISPLAY_WRONG


def issues_of(findings: Findings, root: str, wrong_display: Severity = "warning") -> list[Issue]:
    """The findings as issues, each once: no more than are of use, and no warning in the place of an error.

    A wrong display is an error to who asks for a verdict, and no reason to refuse a write.
    """
    if findings is None:
        return []
    kept: dict[tuple[Any, ...], Issue] = {}
    room = {True: FINDINGS_MAX, False: FINDINGS_MAX}
    for finding in findings:
        if finding.text.template is DISPLAY_WRONG:
            finding.severity = wrong_display
        is_error = finding.severity == "error"
        if not room[is_error]:
            continue
        issue = finding.issue(root)
        told = (issue.severity, issue.key, issue.expression, _told(finding.text))
        if told in kept or (type(finding) is Misplaced and finding.is_at(issue.expression[0])):
            continue
        kept[told] = issue
        room[is_error] -= 1
    issues = list(kept.values())
    if 0 in room.values():
        issues.append(Issue("information", "too-costly", messages.TOO_MANY(count=FINDINGS_MAX), (root,)))
    return issues


def errors_of(findings: Findings, root: str) -> list[Issue]:
    """The errors among the findings as issues, each once, no more than are of use."""
    if findings is None:
        return []
    errors = [finding for finding in findings if finding.severity == "error"]
    return [issue for issue in issues_of(errors, root) if issue.severity == "error"]


def _told(text: Text) -> tuple[Any, ...]:
    """What a text says, cheaply compared."""
    return (id(text.template), *map(str, text.values.values()))
