"""validate: check files against the R4 definitions, without a store."""

import os
from pathlib import Path
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.sources import Source, files, sources
from fhir_server.core import json
from fhir_server.errors import FhirError
from fhir_server.issues import Issue
from fhir_server.settings import Settings
from fhir_server.validation.validator import Validator

FAILING = ("fatal", "error")


def validate(
    paths: Annotated[list[Path], typer.Argument(help="JSON, NDJSON, or folders of them.")],
) -> None:
    """Check the structure of resources in files, without a store.

    Each problem is one line, file: place: severity: reason.
    """
    settings = Settings.load(os.environ)
    found = files(paths)
    validator = bootstrap.validator(settings)
    checked = failed = 0
    for source in (source for file in found for source in sources(file)):
        issues = _issues(source, validator, settings.json_depth_max)
        for issue in issues:
            print(f"{source.origin}: {_told(issue)}")
        checked += 1
        failed += any(issue.severity in FAILING for issue in issues)
    print(f"{checked} checked, {failed} with errors.")
    if failed:
        raise typer.Exit(1)


def _issues(source: Source, validator: Validator, depth_max: int) -> list[Issue]:
    try:
        return validator.validate(json.parse(source.body, depth_max))
    except FhirError as error:
        return list(error.issues)


def _told(issue: Issue) -> str:
    where = f"{', '.join(issue.expression)}: " if issue.expression else ""
    return f"{where}{issue.severity}: {issue.text.render()}"
