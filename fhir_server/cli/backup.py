"""backup and restore: copy a store consistently while it is in use, and restore the copy."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import CommandError
from fhir_server.cli.store_options import FileOption, open_existing, sqlite_path
from fhir_server.settings import Settings


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; it must not exist yet.")],
    store: FileOption = None,
) -> None:
    """Copy the store to a file, also while the server runs."""
    settings = Settings.load(os.environ, {"store": store})
    if target.exists():
        raise CommandError(f"{target} exists already. Name a file that does not.")
    with closing(open_existing(settings).store) as kept:
        try:
            kept.backup(target)
        except FileExistsError as error:
            raise CommandError(f"{error} exists already. Name another file.") from error
    print(f"{settings.store} copied to {target} ({target.stat().st_size} bytes).")


def restore(
    source: Annotated[Path, typer.Argument(help="A file that backup has written.")],
    store: FileOption = None,
) -> None:
    """Make a store from a backup; it must not exist yet.

    The store gets a new epoch, so that clients that follow its changes start over.
    """
    settings = Settings.load(os.environ, {"store": store})
    if not source.is_file():
        raise CommandError(f"{source}: no such file.")
    target = sqlite_path(settings)
    try:
        bootstrap.restore_store(source, target)
    except FileExistsError as error:
        raise CommandError(f"{error} exists already. Stop the server and move it away first.") from error
    print(f"{settings.store} restored from {source}.")
