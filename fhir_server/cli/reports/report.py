"""The interface of reports."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fhir_server.cli.verdict import Verdict
from fhir_server.issues import Language


@dataclass(slots=True)
class Tally:
    """The numbers of resources checked and of those with errors."""

    checked: int = 0
    failed: int = 0

    def add(self, verdict: Verdict) -> None:
        self.checked += 1
        self.failed += verdict.fails


@dataclass(frozen=True, slots=True)
class Tool:
    """The tool named in a report; `version` is a function because only some reports need it."""

    name: str
    version: Callable[[], str]


class Report(Protocol):
    """Prints verdicts as they arrive, and at the end."""

    def add(self, verdict: Verdict) -> Iterator[str]:
        """The lines to print immediately for one verdict."""
        ...

    def end(self, tally: Tally, /) -> Iterator[str]:
        """The lines to print when everything is checked."""
        ...


class NewReport(Protocol):
    """Makes a report in a language."""

    def __call__(self, tool: Tool, language: Language, /) -> Report: ...
