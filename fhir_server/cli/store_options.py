"""The stores that a command can use: those that outlive it, and those that are already there."""

from pathlib import Path
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.errors import CommandError
from fhir_server.settings import Settings
from fhir_server.store.backends import without_credentials

MEMORY = "memory:"
SQLITE = "sqlite:///"
MONGODB = ("mongodb:", "mongodb+srv:")

StoreOption = Annotated[str | None, typer.Option(help="sqlite:///path or mongodb://host/database")]
FileOption = Annotated[str | None, typer.Option("--store", help="sqlite:///path")]
"""For commands that need a store in a file."""


def refuse_memory(*stores: str) -> None:
    """Raise `CommandError` where what a command writes would not outlive it."""
    if MEMORY in stores:
        raise CommandError(
            "memory: forgets everything when this command ends. Name a store as sqlite:///path."
        )


def sqlite_path(settings: Settings) -> Path:
    """The file of an embedded store. Raises `CommandError` for a store that has none."""
    if not settings.store.startswith(SQLITE):
        raise CommandError(f"{without_credentials(settings.store)} has no file. Name one as sqlite:///path.")
    return Path(settings.store.removeprefix(SQLITE))


def open_existing(settings: Settings) -> bootstrap.Server:
    """The server over a store that exists; none is made. Raises `CommandError` when there is none."""
    if settings.store.startswith(MONGODB):
        return bootstrap.build(settings)
    path = sqlite_path(settings)
    if not path.is_file():
        raise CommandError(f"there is no store at {path}. Start the server or load something first.")
    return bootstrap.build(settings)
