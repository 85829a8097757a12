"""validate: check files like the server, without a store."""

import os
import sys
from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import partial
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server import standalone
from fhir_server.cli.cross_check import CrossCheck
from fhir_server.cli.errors import FAILED, MISUSED
from fhir_server.cli.progress import progress
from fhir_server.cli.reports.json import JsonReport
from fhir_server.cli.reports.junit import JunitReport
from fhir_server.cli.reports.report import NewReport, Report, Tally, Tool
from fhir_server.cli.reports.sarif import SarifReport
from fhir_server.cli.reports.text import TextReport
from fhir_server.cli.sources import find_files
from fhir_server.cli.verdict import Verdict, verdicts
from fhir_server.definitions.packages.package import Package
from fhir_server.issues import Issue
from fhir_server.settings import Settings
from fhir_server.validation.validator import Validator

TOOL = "fhir-server validate"


class Format(StrEnum):
    """The format of the report."""

    text = "text"
    json = "json"
    sarif = "sarif"
    junit = "junit"


class Language(StrEnum):
    """The language of the messages."""

    en = "en"
    fr = "fr"


REPORTS: Mapping[Format, NewReport] = {
    Format.text: TextReport,
    Format.json: JsonReport,
    Format.sarif: SarifReport,
    Format.junit: JunitReport,
}


def validate(
    paths: Annotated[list[Path], typer.Argument(help="JSON, NDJSON, Bundles, or folders of them.")],
    profile: Annotated[list[str] | None, typer.Option(help="A profile's URL; may be repeated.")] = None,
    format: Annotated[Format, typer.Option(help="How to report.")] = Format.text,
    language: Annotated[Language, typer.Option(help="Of the messages.")] = Language.en,
    package: Annotated[list[Path] | None, typer.Option(help="A FHIR package, .tgz; may be repeated.")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Tell errors only.")] = False,
    cross_check: Annotated[bool, typer.Option("--cross-check", help="Ask fhir.resources too.")] = False,
) -> None:
    """Check resources in files, without a store.

    They are held to their types, the profiles they claim, and those named. Every issue has its line and
    column. The exit status is 1 when there are errors, 2 when there is nothing to check.
    """
    settings = Settings.load(os.environ)
    found = find_files(paths)
    validator = standalone.validator(settings, _read(package or []))
    examine = _examiner(validator, tuple(profile or ()), cross_check)
    report = REPORTS[format](Tool(TOOL, standalone.software_version), language.value)
    with progress("Validating", sum(file.stat().st_size for file in found)) as advance:
        given = verdicts(found, examine, settings.json_depth_max)
        tally = _print_report((verdict.errors() for verdict in given) if quiet else given, report, advance)
    if tally.failed:
        raise typer.Exit(FAILED)
    if not tally.checked:
        raise typer.Exit(MISUSED)


def _print_report(found: Iterable[Verdict], report: Report, advance: Callable[[int], None]) -> Tally:
    """Print the report as verdicts arrive, and count them."""
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    tally = Tally()
    for verdict in found:
        tally.add(verdict)
        for line in report.add(verdict):
            print(line)
        advance(verdict.size)
    for line in report.end(tally):
        print(line)
    return tally


def _read(packages: list[Path]) -> list[Package]:
    if not packages:
        return []
    # Imported here because reading archives needs imports that take a tenth of the start-up time.
    from fhir_server.definitions.packages.archive import read_package

    return [read_package(file) for file in packages]


def _examiner(
    validator: Validator, profiles: tuple[str, ...], cross_check: bool
) -> Callable[[Any], list[Issue]]:
    """The check to apply to every resource."""
    if not cross_check:
        return partial(validator.validate, profiles=profiles)
    cross_checker = CrossCheck()

    def examine(resource: Any) -> list[Issue]:
        issues = validator.validate(resource, profiles)
        return issues + cross_checker.differences(resource, issues)

    return examine
