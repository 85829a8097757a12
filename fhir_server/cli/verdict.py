"""The verdict on one JSON text: its issues with their positions in the file.

https://hl7.org/fhir/R4/validation.html
"""

import json as standard_json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from fhir_server.cli import messages
from fhir_server.cli.source_map import Position, SourceMap
from fhir_server.cli.sources import Source, sources
from fhir_server.core import json
from fhir_server.errors import FhirError
from fhir_server.issues import Issue

Examine = Callable[[Any], Iterable[Issue]]
"""Returns the issues of a parsed resource."""


@dataclass(frozen=True, slots=True)
class LocatedIssue:
    """One issue with its position in the file."""

    issue: Issue
    position: Position

    @property
    def fails(self) -> bool:
        return self.issue.fails


@dataclass(frozen=True, slots=True)
class Verdict:
    """The issues of one JSON text; `size` is its length in bytes."""

    file: Path
    line: int | None
    name: str
    issues: tuple[LocatedIssue, ...]
    size: int = 0

    @property
    def file_name(self) -> str:
        """The name of the file; bytes that cannot be decoded are replaced."""
        return str(self.file).encode(errors="replace").decode()

    @property
    def fails(self) -> bool:
        return any(finding.fails for finding in self.issues)

    def errors(self) -> "Verdict":
        """The verdict with only its errors."""
        return replace(self, issues=tuple(finding for finding in self.issues if finding.fails))


def verdicts(files: Iterable[Path], examine: Examine, depth_max: int) -> Iterator[Verdict]:
    """The verdicts on all JSON texts in the files; an unreadable file does not stop the others."""
    for file in files:
        try:
            for source in sources(file):
                yield _verdict(source, examine, depth_max)
        except OSError as error:
            issue = Issue("fatal", "exception", messages.NOT_READ(reason=error.strerror or error))
            yield Verdict(file, None, "", (LocatedIssue(issue, Position(1, 1)),))


def _verdict(source: Source, examine: Examine, depth_max: int) -> Verdict:
    try:
        content = json.parse(source.body, depth_max)
    except FhirError as error:
        place = _syntax_place(source)
        found = tuple(LocatedIssue(issue, place) for issue in error.issues)
        return Verdict(source.file, source.line, "", found, len(source.body))
    issues = tuple(examine(content))
    placed = tuple(_placed(issues, _source_map(source))) if issues else ()
    return Verdict(source.file, source.line, _name(content), placed, len(source.body))


def _placed(issues: Iterable[Issue], source: SourceMap) -> Iterator[LocatedIssue]:
    for issue in issues:
        yield LocatedIssue(issue, source.position(issue.expression[0] if issue.expression else ""))


def _source_map(source: Source) -> SourceMap:
    return SourceMap(source.body, source.line or 1)


def _syntax_place(source: Source) -> Position:
    """The position of the JSON syntax error or the repeated key."""
    places = _source_map(source)
    try:
        standard_json.loads(source.body.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return places.of_byte(error.start)
    except standard_json.JSONDecodeError as error:
        return places.at(error.pos)
    except (RecursionError, ValueError):
        return places.at(0)
    return places.repeated() or places.at(0)


def _name(content: Any) -> str:
    """A name for the resource: its type and id."""
    if not isinstance(content, dict):
        return ""
    return "/".join(str(content[name])[:80] for name in ("resourceType", "id") if name in content)
