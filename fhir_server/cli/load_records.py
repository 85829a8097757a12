"""load --format PROGRAMME: load files of native records, one record at a time, in constant memory.

NDJSON with one record per line, or CSV whose header names the fields. https://www.rfc-editor.org/rfc/rfc4180
"""

import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from itertools import islice
from pathlib import Path

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import MisuseError, in_one_line
from fhir_server.cli.progress import progress
from fhir_server.cli.provision import adopt_search_parameters
from fhir_server.cli.requests import base_url
from fhir_server.cli.sources import NDJSON_SUFFIXES
from fhir_server.conversion.csv_rows import Row, rows
from fhir_server.conversion.record_service import RecordService
from fhir_server.core import json
from fhir_server.core.request import FhirRequest
from fhir_server.errors import Conflict, FhirError, status_of
from fhir_server.settings import Settings

GROUP_RECORDS = 100


def load_records(settings: Settings, programme: str, record: str | None, files: list[Path]) -> None:
    """Load the records of some files, whose kind is `record` or by default the name of the file.

    A refused line is reported with its number and reason, and does not stop the others.
    """
    server = bootstrap.build(settings)
    with closing(server.store):
        if programme not in server.records:
            known = ", ".join(["fhir", *server.records])
            raise MisuseError(f"--format {programme}: unknown. Known: {known}.")
        adopt_search_parameters(server)
        services = bootstrap.record_services(server)[programme]
        statuses: Counter[int] = Counter()
        started = time.perf_counter()
        for file in files:
            statuses.update(_load(server, _service_for(services, record, file), file))
        print(_summary(statuses, time.perf_counter() - started))
    if any(status >= 400 for status in statuses):
        raise typer.Exit(1)


def _service_for(services: Mapping[str, RecordService], record: str | None, file: Path) -> RecordService:
    name = record or file.name.partition(".")[0]
    if name not in services:
        known = ", ".join(services)
        raise MisuseError(f"{file}: which record does it hold? Say --record, one of: {known}.")
    return services[name]


def _load(server: bootstrap.Server, service: RecordService, file: Path) -> Iterator[int]:
    """The status of each record."""
    loader = _Loader(server, service, file)
    with progress(f"Loading {file.name}", file.stat().st_size) as advance:
        pieces = _rows(file, service)
        while group := list(islice(pieces, GROUP_RECORDS)):
            yield from loader.load([row for row, _ in group])
            advance(sum(size for _, size in group))


class _Loader:
    """Writes the records of one file in groups, each of which becomes durable as a whole."""

    def __init__(self, server: bootstrap.Server, service: RecordService, file: Path) -> None:
        self._asked = FhirRequest("GET", (), base_url(server.settings))
        self._server, self._service, self._file = server, service, file

    def load(self, group: list[Row]) -> list[int]:
        """The statuses of some records; those in conflict within the group are tried again alone."""
        again: list[Row] = []
        try:
            with self._server.store.group():
                statuses = [self._written(row, again) for row in group]
        except FhirError as error:
            return [self._refused(row, error) for row in group]
        return [status for status in statuses if status] + [self._written(row) for row in again]

    def _written(self, row: Row, again: list[Row] | None = None) -> int:
        try:
            if row.error is not None:
                raise row.error
            return self._service.write(row.record, self._asked, self._server.dispatcher.dispatch).status
        except FhirError as error:
            if again is not None and isinstance(error, Conflict):
                again.append(row)
                return 0
            return self._refused(row, error)

    def _refused(self, row: Row, error: FhirError) -> int:
        for issue in error.issues:
            print(f"{self._file}:{row.line}: {in_one_line(issue)}", file=sys.stderr)
        return status_of(error)


def _rows(file: Path, service: RecordService) -> Iterator[tuple[Row, int]]:
    """The records of a file with their sizes in bytes, 0 where it is unknown."""
    if file.suffix in NDJSON_SUFFIXES:
        with file.open("rb") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _parsed(number, line), len(line)
    elif file.suffix == ".csv":
        with file.open(encoding="utf-8", errors="surrogateescape", newline="") as text:
            yield from ((row, 0) for row in rows(text, service.schema))
    else:
        raise MisuseError(f"{file}: expected .csv or .ndjson.")


def _parsed(number: int, line: bytes) -> Row:
    try:
        return Row(number, json.parse(line))
    except FhirError as error:
        return Row(number, None, error)


def _summary(statuses: Counter[int], seconds: float) -> str:
    created, refused = statuses[201], sum(count for status, count in statuses.items() if status >= 400)
    written = statuses.total() - refused
    return f"{written} records loaded ({created} new), {refused} refused, in {seconds:.1f} s."
