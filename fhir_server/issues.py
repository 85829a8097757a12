"""Bilingual messages and the issues that carry them to an OperationOutcome.

https://hl7.org/fhir/R4/operationoutcome.html
"""

from dataclasses import dataclass, field
from typing import Any, Literal

Severity = Literal["fatal", "error", "warning", "information"]
Language = Literal["en", "fr"]

IssueType = Literal[
    "invalid", "structure", "required", "value", "invariant", "security", "login", "unknown", "expired",
    "forbidden", "suppressed", "processing", "not-supported", "duplicate", "multiple-matches", "not-found",
    "deleted", "too-long", "code-invalid", "extension", "too-costly", "business-rule", "conflict",
    "transient", "lock-error", "no-store", "exception", "timeout", "incomplete", "throttled", "informational",
]  # fmt: skip
"""The codes of http://hl7.org/fhir/issue-type, one of which every issue must have."""


@dataclass(frozen=True, slots=True)
class Template:
    """One message in English and in French, with the same `{placeholders}` in both.

    Call it with the placeholders' values to get a `Text`.
    """

    en: str
    fr: str

    def __call__(self, **values: object) -> "Text":
        return Text(self, values)


@dataclass(frozen=True, slots=True)
class Text:
    """A message ready to be rendered in the reader's language."""

    template: Template
    values: dict[str, Any] = field(default_factory=dict)

    def render(self, language: Language = "en") -> str:
        """The sentence in `language`; a value that is itself a `Text` is rendered too."""
        values = {
            name: value.render(language) if isinstance(value, Text) else value
            for name, value in self.values.items()
        }
        sentence = self.template.fr if language == "fr" else self.template.en
        return sentence.format(**values)


@dataclass(frozen=True, slots=True)
class Issue:
    """One issue: severity, R4 issue type, message and locations.

    `code` is a code of http://hl7.org/fhir/issue-type; `expression` holds FHIRPath locations such
    as `Patient.contact[0].name`; `key` is the code of the broken rule, if there is one, alone or as
    `system#code`.
    """

    severity: Severity
    code: IssueType
    text: Text
    expression: tuple[str, ...] = ()
    key: str | None = None

    @property
    def fails(self) -> bool:
        """Whether it is an error, so that the resource or request is refused."""
        return self.severity in ("fatal", "error")

    def __str__(self) -> str:
        where = f" at {', '.join(self.expression)}" if self.expression else ""
        return f"{self.severity} {self.code}{where}: {self.text.render()}"
