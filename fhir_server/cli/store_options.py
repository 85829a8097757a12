"""The option --store of commands, and what they require of a store: that it is persistent, or exists."""

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
"""The option of commands that need a store in a file."""


def refuse_memory(*stores: str) -> None:
    """Raise `CommandError` for a memory store, which would lose what a command writes."""
    if MEMORY in stores:
        raise CommandError(
            "memory: forgets everything when this command ends. Name a store as sqlite:///path."
        )


def sqlite_path(settings: Settings) -> Path:
    """The file of an embedded store. Raises `CommandError` for a store without a file."""
    if not settings.store.startswith(SQLITE):
        raise CommandError(f"{without_credentials(settings.store)} has no file. Name one as sqlite:///path.")
    return Path(settings.store.removeprefix(SQLITE))


def open_existing(settings: Settings) -> bootstrap.Server:
    """The server over an existing store. Raises `CommandError` when the store does not exist."""
    if settings.store.startswith(MONGODB):
        return bootstrap.build(settings)
    path = sqlite_path(settings)
    if not path.is_file():
        raise CommandError(f"there is no store at {path}. Start the server or load something first.")
    return bootstrap.build(settings)
