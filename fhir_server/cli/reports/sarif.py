"""SARIF 2.1.0, which code hosts show beside the lines of a change.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fhir_server.cli.reports.report import Tally, Tool
from fhir_server.cli.verdict import LocatedIssue, Verdict
from fhir_server.core import json
from fhir_server.issues import Language

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"fatal": "error", "error": "error", "warning": "warning", "information": "note"}


class SarifReport:
    """Collects the results and their rules."""

    def __init__(self, tool: Tool, language: Language) -> None:
        self._tool = tool
        self._language = language
        self._results: list[dict[str, Any]] = []
        self._rules: dict[str, int] = {}

    def add(self, verdict: Verdict) -> Iterator[str]:
        self._results += [self._result(found, verdict.file) for found in verdict.issues]
        return iter(())

    def end(self, _: Tally) -> Iterator[str]:
        driver = {
            "name": self._tool.name,
            "version": self._tool.version(),
            "rules": [{"id": rule} for rule in self._rules],
        }
        run = {
            "tool": {"driver": driver},
            "columnKind": "unicodeCodePoints",
            "language": self._language,
            "results": self._results,
        }
        log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
        yield json.indent(json.serialise(log)).decode()

    def _result(self, found: LocatedIssue, file: Path) -> dict[str, Any]:
        rule = found.issue.key or found.issue.code
        index = self._rules.setdefault(rule, len(self._rules))
        region = {"startLine": found.position.line, "startColumn": found.position.column}
        location: dict[str, Any] = {
            "physicalLocation": {"artifactLocation": {"uri": _uri(file)}, "region": region}
        }
        if found.issue.expression:
            names = found.issue.expression
            location["logicalLocations"] = [{"fullyQualifiedName": name, "kind": "member"} for name in names]
        return {
            "ruleId": rule,
            "ruleIndex": index,
            "level": LEVELS[found.issue.severity],
            "message": {"text": found.issue.text.render(self._language)},
            "locations": [location],
        }


def _uri(file: Path) -> str:
    """The file as a URI: relative as given, or file://..."""
    return file.as_uri() if file.is_absolute() else quote(os.fsencode(file.as_posix()))
