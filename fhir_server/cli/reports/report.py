"""What a report of verdicts is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from fhir_server.cli.verdict import Verdict
from fhir_server.issues import Language


@dataclass(slots=True)
class Tally:
    """How many resources were checked, and how many have errors."""

    checked: int = 0
    failed: int = 0

    def add(self, verdict: Verdict) -> None:
        self.checked += 1
        self.failed += verdict.fails


@dataclass(frozen=True, slots=True)
class Tool:
    """Who reports; `version` is asked only by those who tell it."""

    name: str
    version: Callable[[], str]


class Report(Protocol):
    """Tells verdicts: as they come, and at the end."""

    def add(self, verdict: Verdict) -> Iterator[str]:
        """The lines to print at once for one verdict."""
        ...

    def end(self, tally: Tally, /) -> Iterator[str]:
        """The lines to print when all is checked."""
        ...


class NewReport(Protocol):
    """Makes a report in a language."""

    def __call__(self, tool: Tool, language: Language, /) -> Report: ...
