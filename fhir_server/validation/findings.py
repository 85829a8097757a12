"""What a check finds, placed relative to the element that was checked.

Checks build no path while all is well: a finding is moved outwards, step by step, on its way to the root.
https://hl7.org/fhir/R4/operationoutcome-definitions.html#OperationOutcome.issue.expression
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from fhir_server.issues import Issue, IssueType, Severity, Text
from fhir_server.validation import messages
from fhir_server.validation.contained_types import ContainedTypes

FINDINGS_MAX = 100
_EXCERPT_MAX = 60
_is_identifier = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


@dataclass(slots=True)
class Finding:
    """One problem at `where`, a FHIRPath suffix such as `.name[0].family`."""

    code: IssueType
    text: Text
    where: str = ""
    key: str | None = None
    severity: Severity = "error"

    def issue(self, root: str) -> Issue:
        """The issue with its location below `root`, which the sentence may name as `{here}`."""
        here = root + self.where
        text = Text(self.text.template, {**self.text.values, "here": here})
        return Issue(self.severity, self.code, text, (here,), self.key)


Findings = list[Finding] | None

Check = Callable[[Any, Any, ContainedTypes], Findings]
"""Checks the value of a property, given the object that holds it; None means that all is well."""


def prefixed(findings: list[Finding], step: str) -> list[Finding]:
    """The findings with `step` put before their places."""
    for finding in findings:
        finding.where = step + finding.where
    return findings


def step_to(name: str) -> str:
    """The FHIRPath step to a child element, delimited where the name is none of FHIRPath's."""
    if _is_identifier(name):
        return f".{name}"
    escaped = shortened(name).replace("\\", "\\\\").replace("`", "\\`")
    return f".`{escaped}`"


def shortened(text: str) -> str:
    """The text, cut where it is too long to quote."""
    return text if len(text) <= _EXCERPT_MAX else text[:_EXCERPT_MAX] + "…"


def excerpt(value: Any) -> str:
    """A value as it may be quoted in a message."""
    if isinstance(value, str):
        return f"'{shortened(value)}'"
    return shortened(msgspec.json.encode(value).decode())


def json_kind(value: Any) -> Text:
    """What a JSON value is, in words."""
    match value:
        case None:
            return messages.A_NULL()
        case bool():
            return messages.A_BOOLEAN()
        case str():
            return messages.A_STRING()
        case dict():
            return messages.AN_OBJECT()
        case list():
            return messages.AN_ARRAY()
        case _:
            return messages.A_NUMBER()


def wrong_json_type(wanted: Text, value: Any) -> list[Finding]:
    """The finding that `value` is another kind of JSON than its element wants."""
    if value is None:
        return [Finding("structure", messages.NULL_VALUE())]
    if type(value) is list:
        return [Finding("structure", messages.LIST_UNWANTED(count=len(value)))]
    return [Finding("structure", messages.WRONG_JSON_TYPE(wanted=wanted, found=json_kind(value)))]


def quoted_list(names: Iterable[str]) -> str:
    """Names with commas, quoted."""
    return ", ".join(f"'{name}'" for name in names)
