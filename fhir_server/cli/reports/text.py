"""One line per issue, for people and for editors: file:line:column: place: severity: message."""

from collections.abc import Iterator

from fhir_server.cli.reports.report import Tally, Tool
from fhir_server.cli.verdict import LocatedIssue, Verdict
from fhir_server.issues import Language


class TextReport:
    """Prints every issue as it arrives, and the totals at the end."""

    def __init__(self, _: Tool, language: Language) -> None:
        self._language = language

    def add(self, verdict: Verdict) -> Iterator[str]:
        for found in verdict.issues:
            place = f"{verdict.file_name}:{found.position.line}:{found.position.column}"
            yield f"{place}: {self._sentence(found)}"

    def end(self, tally: Tally) -> Iterator[str]:
        yield f"{tally.checked} checked, {tally.failed} with errors."

    def _sentence(self, found: LocatedIssue) -> str:
        issue = found.issue
        where = f"{', '.join(issue.expression)}: " if issue.expression else ""
        return f"{where}{issue.severity}: {issue.text.render(self._language)}"
