"""All commands in one table, and every failure told in one line."""

import sys
import traceback
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli import package
from fhir_server.cli.backup import backup, restore
from fhir_server.cli.doctor import doctor
from fhir_server.cli.failure import CommandError
from fhir_server.cli.load import load
from fhir_server.cli.reindex import reindex
from fhir_server.cli.serve import serve
from fhir_server.cli.validate import validate
from fhir_server.errors import FhirError
from fhir_server.settings import SettingError

COMMANDS = (serve, load, validate, reindex, doctor, backup, restore)


def commands() -> typer.Typer:
    """The command line as a typer application."""
    application = typer.Typer(
        name="fhir-server",
        callback=_about,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    for command in COMMANDS:
        application.command()(command)
    application.add_typer(package.commands(), name="package")
    return application


def _show_version(asked: bool) -> None:
    if asked:
        print(bootstrap.software_version())
        raise typer.Exit


VERSION = typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)


def _about(version: Annotated[bool, VERSION] = False) -> None:
    """A FHIR R4 server. Every option of serve is also a setting FHIR_SERVER_..."""


def main() -> None:
    """Run the command of `sys.argv`. A failure is one line on standard error and exit status 1."""
    try:
        commands()()
    except (CommandError, SettingError) as error:
        _fail(str(error))
    except FhirError as error:
        _fail(" ".join(issue.text.render() for issue in error.issues))
    except OSError as error:
        _fail(f"{error.strerror or error}{f': {error.filename}' if error.filename else ''}")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _fail(f"unforeseen {type(error).__name__} in {place.filename}, line {place.lineno}: {error}")


def _fail(message: str) -> None:
    print(f"fhir-server: {message}", file=sys.stderr)
    sys.exit(1)
