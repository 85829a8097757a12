"""migrate: copy a whole store into another, for example from a file to MongoDB, or back."""

import os
from contextlib import closing
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import CommandError
from fhir_server.cli.progress import progress
from fhir_server.cli.store_options import open_existing, refuse_memory
from fhir_server.core import json
from fhir_server.search.entries import Entries
from fhir_server.settings import Settings
from fhir_server.store.backends import without_credentials
from fhir_server.store.port import Store, StoredResource
from fhir_server.store.transfer import TransferError, transfer


def migrate(
    source: Annotated[
        str, typer.Option("--from", help="The store to copy: sqlite:///path or mongodb://host/db")
    ],
    target: Annotated[
        str, typer.Option("--to", help="An empty store, or what an interrupted copy left of one")
    ],
) -> None:
    """Copy a store into another and compare the two.

    All versions are copied. Stop the server first. The copy keeps the epoch, so that clients go on following
    its changes.
    """
    refuse_memory(source, target)
    if source == target:
        raise CommandError("the two stores are the same. Name another with --to.")
    origin = open_existing(Settings.load(os.environ, {"store": source}))
    with (
        closing(origin.store),
        closing(bootstrap.open_store_of(Settings.load(os.environ, {"store": target}))) as copy,
    ):
        _migrate(origin, copy, target)


def _migrate(origin: bootstrap.Server, copy: Store, target: str) -> None:
    extractor = origin.engines.current().extractor

    def entries_of(version: StoredResource) -> Entries:
        return extractor.entries(json.parse(version.body))

    try:
        with progress("Copying", origin.store.watermark()) as advance:
            done = transfer(origin.store, copy, entries_of, advance)
    except TransferError as error:
        raise CommandError(str(error)) from error
    print(
        f"{done.versions} versions of {done.resources} living resources are in {without_credentials(target)},"
    )
    print(f"with {done.uniques} unique keys and {done.documents} documents; checksum {done.checksum}.")
