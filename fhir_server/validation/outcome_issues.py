"""Findings turned into issues of an OperationOutcome: without duplicates, and limited in number.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from typing import Any

from fhir_server.issues import Issue, Text
from fhir_server.validation import messages
from fhir_server.validation.findings import FINDINGS_MAX, Findings

STRICT_ERROR_KEYS = frozenset({
    "attachment-hash", "attachment-size", "binding-type", "canonical-absolute", "canonical-type",
    "code-count", "code-given", "coding-system", "components", "concept-map-code", "contained-id",
    "derivation", "derived-from", "discriminator", "display", "element-id", "element-order", "expression",
    "extension-context", "extension-url", "full-url-update", "identifier-system", "identifier-uri",
    "included-system", "max-value-set", "measure-report", "narrative-entity", "narrative-link",
    "parameter-type", "per-1", "quantity-system", "reference-in-bundle", "reference-self", "reference-type",
    "search-expression", "security-set", "slice", "supplement", "system-form", "system-value-set", "unit",
    "uri-form", "vital-sign",
})  # fmt: skip
"""Keys of findings that are errors in $validate but only warnings on a write: systems in use send such data,
and a server can store it without harm.
"""


def issues_of(findings: Findings, root: str, strict: bool = False) -> list[Issue]:
    """The findings as issues without duplicates: at most `FINDINGS_MAX` errors and as many other issues.

    With `strict`, the warnings in `STRICT_ERROR_KEYS` become errors.
    """
    if findings is None:
        return []
    issues_by_key: dict[tuple[Any, ...], Issue] = {}
    room = {True: FINDINGS_MAX, False: FINDINGS_MAX}
    for finding in findings:
        if strict and finding.severity == "warning" and finding.key in STRICT_ERROR_KEYS:
            finding.severity = "error"
        is_error = finding.severity == "error"
        if not room[is_error]:
            continue
        issue = finding.issue(root)
        key = (issue.severity, issue.key, issue.expression, _text_key(finding.text))
        if key in issues_by_key:
            continue
        issues_by_key[key] = issue
        room[is_error] -= 1
    issues = list(issues_by_key.values())
    if 0 in room.values():
        left_out = messages.MANY_WARNINGS if room[True] else messages.TOO_MANY
        issues.append(Issue("information", "too-costly", left_out(count=FINDINGS_MAX), (root,)))
    return issues


def errors_of(findings: Findings, root: str) -> list[Issue]:
    """The errors among the findings as issues, without duplicates, at most `FINDINGS_MAX`."""
    if findings is None:
        return []
    errors = [finding for finding in findings if finding.severity == "error"]
    return [issue for issue in issues_of(errors, root) if issue.severity == "error"]


def _text_key(text: Text) -> tuple[Any, ...]:
    """A key to compare texts without rendering them."""
    return (id(text.template), *map(str, text.values.values()))
