"""One JSON object with every issue, for programs."""

from collections.abc import Iterator
from typing import Any

from fhir_server.cli.reports.report import Tally, Tool
from fhir_server.cli.verdict import Verdict
from fhir_server.core import json
from fhir_server.issues import Language


class JsonReport:
    """Collects the issues, and prints them all at the end."""

    def __init__(self, tool: Tool, language: Language) -> None:
        self._tool = tool
        self._language = language
        self._issues: list[dict[str, Any]] = []

    def add(self, verdict: Verdict) -> Iterator[str]:
        for found in verdict.issues:
            issue = found.issue
            self._issues.append(
                {
                    "file": verdict.file_name,
                    "line": found.position.line,
                    "column": found.position.column,
                    "resource": verdict.name,
                    "severity": issue.severity,
                    "code": issue.code,
                    "rule": issue.key,
                    "expression": list(issue.expression),
                    "message": issue.text.render(self._language),
                }
            )
        return iter(())

    def end(self, tally: Tally) -> Iterator[str]:
        report = {
            "tool": {"name": self._tool.name, "version": self._tool.version()},
            "checked": tally.checked,
            "failed": tally.failed,
            "issues": self._issues,
        }
        yield json.indent(json.serialise(report)).decode()
