"""load: load resources, Bundles, NDJSON and folders into the store."""

import os
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Annotated, Any

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import MisuseError, in_one_line
from fhir_server.cli.linked_bundle import is_resource, linked_transaction
from fhir_server.cli.progress import progress
from fhir_server.cli.provision import adopt_search_parameters
from fhir_server.cli.requests import write_request
from fhir_server.cli.sources import Source, existing_files, find_files, sources
from fhir_server.cli.store_options import StoreOption, refuse_memory
from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError
from fhir_server.issues import Issue
from fhir_server.settings import Settings

GROUP_SOURCES = 200
PROCESSED = ("transaction", "batch")
FHIR = "fhir"
NO_RESOURCE = "this is no resource: a JSON object with a resourceType is needed."


@dataclass(slots=True)
class Tally:
    """The results of a load: counts by HTTP status, and a line for each failure."""

    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)

    @property
    def written(self) -> int:
        return sum(self.statuses.values())

    def add(self, other: "Tally") -> None:
        self.statuses.update(other.statuses)
        self.failures += other.failures


class _Undone(Exception):
    """Raised to roll back an atomic load in which something failed."""


def load(
    paths: Annotated[list[Path], typer.Argument(help="JSON, NDJSON, or folders of them.")],
    atomic: Annotated[bool, typer.Option("--atomic", help="All or nothing.")] = False,
    store: StoreOption = None,
    format: Annotated[str, typer.Option(help="fhir, or a programme, whose records the files hold.")] = FHIR,
    record: Annotated[
        str | None, typer.Option(help="The record that the files hold; without it, each file's name.")
    ] = None,
) -> None:
    """Load JSON, NDJSON, Bundles or folders into the store.

    A resource with an id replaces that id, others are created; those of a Bundle that refer to one another as
    its entries are stored together. What fails is reported with its place and does not stop the rest, unless
    --atomic. With --format PROGRAMME the files are NDJSON or CSV of its records.
    """
    settings = Settings.load(os.environ, {"store": store})
    refuse_memory(settings.store)
    if format == FHIR:
        _load_fhir(settings, paths, atomic)
        return
    if atomic:
        raise MisuseError("--atomic is for --format fhir: records are stored one by one.")
    # Imported here because jsonschema takes a tenth of a second to import, and FHIR does not need it.
    from fhir_server.cli.load_records import load_records

    load_records(settings, format, record, existing_files(paths))


def _load_fhir(settings: Settings, paths: list[Path], atomic: bool) -> None:
    found = find_files(paths)
    server = bootstrap.build(settings)
    started = time.perf_counter()
    with closing(server.store):
        adopt_search_parameters(server)
        tally = _load_all(server, found, atomic)
    for failure in tally.failures:
        print(failure, file=sys.stderr)
    print(_summary(tally, len(found), time.perf_counter() - started))
    if tally.failures:
        raise typer.Exit(1)


def _load_all(server: bootstrap.Server, found: list[Path], atomic: bool) -> Tally:
    total = Tally()
    with progress("Loading", sum(file.stat().st_size for file in found)) as advance:
        pieces = (source for file in found for source in sources(file))
        if atomic:
            return _load_atomically(server, pieces)
        while group := list(islice(pieces, GROUP_SOURCES)):
            total.add(_load_group(server, group))
            advance(sum(len(source.body) for source in group))
    return total


def _load_atomically(server: bootstrap.Server, pieces: Iterable[Source]) -> Tally:
    tally = Tally()
    try:
        with server.store.group():
            for source in pieces:
                tally.add(_load_source(server, source))
            if tally.failures:
                raise _Undone
    except _Undone:
        tally.statuses.clear()
    return tally


def _load_group(server: bootstrap.Server, group: list[Source]) -> Tally:
    """Load some sources, which become durable together."""
    tally = Tally()
    try:
        with server.store.group():
            for source in group:
                tally.add(_load_source(server, source))
    except FhirError as error:
        return Tally(failures=[line for source in group for line in _lines(source.origin, error.issues)])
    return tally


def _load_source(server: bootstrap.Server, source: Source) -> Tally:
    tally = Tally()
    try:
        content = json.parse(source.body, server.settings.json_depth_max)
    except FhirError as error:
        return Tally(failures=_lines(source.origin, error.issues))
    for place, request in _requests(content, server.settings):
        origin = f"{source.origin}: {place}" if place else source.origin
        if request is None:
            tally.failures.append(f"{origin}: {NO_RESOURCE}")
            continue
        try:
            _count(server.dispatcher.dispatch(request), origin, request, tally)
        except FhirError as error:
            tally.failures += _lines(origin, error.issues)
    return tally


def _requests(content: Any, settings: Settings) -> Iterator[tuple[str, FhirRequest | None]]:
    """The requests that load a piece of JSON, each with its location; None for what is not a resource."""
    is_bundle = isinstance(content, dict) and content.get("resourceType") == "Bundle"
    if is_bundle and content.get("type") in PROCESSED:
        yield "", write_request(settings, content)
    elif is_bundle and isinstance(content.get("entry"), list):
        if (transaction := linked_transaction(content["entry"])) is not None:
            yield "", write_request(settings, transaction)
            return
        for index, entry in enumerate(content["entry"]):
            resource = entry.get("resource") if isinstance(entry, dict) else None
            yield f"Bundle.entry[{index}].resource", _write(resource, settings)
    else:
        yield "", _write(content, settings)


def _write(resource: Any, settings: Settings) -> FhirRequest | None:
    if not is_resource(resource):
        return None
    type_name, id = resource["resourceType"], resource.get("id")
    if isinstance(id, str):
        return write_request(settings, resource, "PUT", (type_name, id))
    return write_request(settings, resource, "POST", (type_name,))


def _count(response: FhirResponse, origin: str, request: FhirRequest, tally: Tally) -> None:
    if request.path:
        tally.statuses[response.status] += 1
        return
    for index, entry in enumerate(json.parse(response.body or b"{}").get("entry", [])):
        status = int(entry["response"]["status"][:3])
        if status < 400:
            tally.statuses[status] += 1
        else:
            reasons = _reasons(entry["response"].get("outcome", {}))
            tally.failures.append(f"{origin}: Bundle.entry[{index}]: {reasons or status}")


def _reasons(outcome: dict[str, Any]) -> str:
    return " ".join(issue.get("diagnostics", "") for issue in outcome.get("issue", []))


def _lines(origin: str, issues: Iterable[Issue]) -> list[str]:
    return [f"{origin}: {in_one_line(issue)}" for issue in issues]


def _summary(tally: Tally, file_count: int, seconds: float) -> str:
    created = tally.statuses[201]
    files_read = f"{file_count} file{'' if file_count == 1 else 's'}"
    return (
        f"{tally.written} loaded ({created} created, {tally.written - created} others), "
        f"{len(tally.failures)} problems, from {files_read} in {seconds:.1f} s."
    )
