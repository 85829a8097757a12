"""JUnit XML, which all CI tools read: a suite per file, a test per resource, a failure for its errors.

https://github.com/testmoapp/junitxml
"""

import re
from collections.abc import Iterator
from html import escape

from fhir_server.cli.reports.report import Tally, Tool
from fhir_server.cli.verdict import LocatedIssue, Verdict
from fhir_server.issues import Language

_not_xml = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class JunitReport:
    """Collects the verdicts by file, and prints them at the end, because the XML starts with the totals."""

    def __init__(self, tool: Tool, language: Language) -> None:
        self._tool = tool
        self._language = language
        self._by_file: dict[str, list[Verdict]] = {}

    def add(self, verdict: Verdict) -> Iterator[str]:
        self._by_file.setdefault(verdict.file_name, []).append(verdict)
        return iter(())

    def end(self, tally: Tally) -> Iterator[str]:
        yield '<?xml version="1.0" encoding="UTF-8"?>'
        yield f"<testsuites{_attributes(name=self._tool.name, tests=tally.checked, failures=tally.failed)}>"
        for file, verdicts in self._by_file.items():
            failures = sum(verdict.fails for verdict in verdicts)
            yield f"  <testsuite{_attributes(name=file, tests=len(verdicts), failures=failures, errors=0)}>"
            for verdict in verdicts:
                yield from self._case(verdict, file)
            yield "  </testsuite>"
        yield "</testsuites>"

    def _case(self, verdict: Verdict, file: str) -> Iterator[str]:
        name = verdict.name or "resource"
        shown = name if verdict.line is None else f"{name} (line {verdict.line})"
        yield f"    <testcase{_attributes(name=shown, classname=file, file=file, line=verdict.line or 1)}>"
        errors = [found for found in verdict.issues if found.fails]
        if errors:
            more = f" (+{len(errors) - 1})" if len(errors) > 1 else ""
            message = errors[0].issue.text.render(self._language) + more
            lines = "\n".join(self._line(found, file) for found in errors)
            type = errors[0].issue.key or errors[0].issue.code
            yield f"      <failure{_attributes(message=message, type=type)}>{_text(lines)}</failure>"
        if remarks := [self._line(found, file) for found in verdict.issues if not found.fails]:
            yield f"      <system-out>{_text(chr(10).join(remarks))}</system-out>"
        yield "    </testcase>"

    def _line(self, found: LocatedIssue, file: str) -> str:
        issue, position = found.issue, found.position
        where = ", ".join(issue.expression)
        message = issue.text.render(self._language)
        return f"{file}:{position.line}:{position.column}: {where}: {issue.severity}: {message}"


def _attributes(**values: object) -> str:
    return "".join(
        f' {name}="{_text(str(value)).replace(chr(10), "&#10;")}"' for name, value in values.items()
    )


def _text(text: str) -> str:
    return escape(_valid(text))


def _valid(text: str) -> str:
    """The text with characters that XML does not allow replaced."""
    return _not_xml.sub("\ufffd", text)
