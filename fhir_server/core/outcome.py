"""Issues as an OperationOutcome in the reader's language.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.core import messages
from fhir_server.issues import Issue, Language

_SHOWN = {code: 0x2400 + code for code in range(0x20) if chr(code) not in "\t\n\r"}
"""Replaces control characters that a message quotes, which FHIR strings cannot hold, by their symbols."""


def operation_outcome(issues: Iterable[Issue], language: Language) -> dict[str, Any]:
    """The OperationOutcome of the issues; without any it reports success."""
    entries = [_entry(issue, language) for issue in issues]
    everything_fine = Issue("information", "informational", messages.ALL_OK())
    return {
        "resourceType": "OperationOutcome",
        "issue": entries or [_entry(everything_fine, language)],
    }


def _entry(issue: Issue, language: Language) -> dict[str, Any]:
    sentence = issue.text.render(language).translate(_SHOWN)
    details: dict[str, Any] = {"text": sentence}
    if issue.key:
        details["coding"] = [coding(issue.key)]
    entry: dict[str, Any] = {"severity": issue.severity, "code": issue.code, "details": details}
    entry["diagnostics"] = sentence
    if issue.expression:
        entry["expression"] = [place.translate(_SHOWN) for place in issue.expression]
    return entry


def coding(key: str) -> dict[str, str]:
    """The key of an issue as a Coding; a key with a code system has the form `system#code`."""
    system, _, code = key.rpartition("#")
    return {"system": system, "code": code} if system else {"code": code}
