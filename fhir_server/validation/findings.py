"""Findings of checks, located relative to the element that was checked.

Checks build no paths for valid data: each level prefixes its own step to the findings on the way to the root.
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
    """One problem at `where`, a FHIRPath suffix such as `.name[0].family`; `key` names the rule."""

    code: IssueType
    text: Text
    where: str = ""
    key: str | None = None
    severity: Severity = "error"

    def issue(self, root: str) -> Issue:
        """The issue with its location below `root`, which fills `{here}` in the text."""
        here = root + self.where
        text = Text(self.text.template, {**self.text.values, "here": here})
        return Issue(self.severity, self.code, text, (here,), self.key)


Findings = list[Finding] | None

Check = Callable[[Any, Any, ContainedTypes], Findings]
"""Checks the value of a property, given the object that holds it; None means valid."""


def prefixed(findings: list[Finding], step: str) -> list[Finding]:
    """The findings with `step` prefixed to their locations, in place."""
    for finding in findings:
        finding.where = step + finding.where
    return findings


def step_to(name: str) -> str:
    """The FHIRPath step to a child element, in backticks if the name is not an identifier."""
    if _is_identifier(name):
        return f".{name}"
    escaped = shortened(name).replace("\\", "\\\\").replace("`", "\\`")
    return f".`{escaped}`"


def shortened(text: str) -> str:
    """The text, truncated if it is too long to quote."""
    return text if len(text) <= _EXCERPT_MAX else text[:_EXCERPT_MAX] + "…"


def excerpt(value: Any) -> str:
    """A value as quoted in a message."""
    if isinstance(value, str):
        return f"'{shortened(value)}'"
    return shortened(msgspec.json.encode(value).decode())


def json_kind(value: Any) -> Text:
    """The JSON type of a value, in words."""
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
    """The finding that `value` has another JSON type than its element."""
    if value is None:
        return [Finding("structure", messages.NULL_VALUE())]
    if type(value) is list:
        return [Finding("structure", messages.LIST_UNWANTED(count=len(value)))]
    return [Finding("structure", messages.WRONG_JSON_TYPE(wanted=wanted, found=json_kind(value)))]


def quoted_list(names: Iterable[str]) -> str:
    """Names, quoted and separated by commas."""
    return ", ".join(f"'{name}'" for name in names)
