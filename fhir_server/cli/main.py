"""The table of commands; every failure is reported in one line."""

import gc
import sys
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Annotated

import typer

from fhir_server.cli.errors import FAILED, CommandError
from fhir_server.errors import FhirError
from fhir_server.settings import SettingError

COMMANDS: Mapping[str, str] = {
    "serve": "fhir_server.cli.serve",
    "load": "fhir_server.cli.load",
    "demo": "fhir_server.cli.demo",
    "validate": "fhir_server.cli.validate",
    "reindex": "fhir_server.cli.reindex",
    "doctor": "fhir_server.cli.doctor",
    "backup": "fhir_server.cli.backup",
    "restore": "fhir_server.cli.backup",
    "migrate": "fhir_server.cli.migrate",
}
"""Each command with the module that has the function of its name. Only the module of the command that runs is
imported, because not every command needs a server."""
GROUPS: Mapping[str, str] = {"package": "fhir_server.cli.package"}
"""Commands with subcommands, which `commands()` of the module returns."""


def commands(only: str | None = None) -> typer.Typer:
    """The command line as a typer application, with one command where `only` names one."""
    application = typer.Typer(
        name="fhir-server",
        callback=_about,
        add_completion=False,
        no_args_is_help=True,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    is_known = only in COMMANDS or only in GROUPS
    for name, module in COMMANDS.items():
        if name == only or not is_known:
            application.command(name)(getattr(import_module(module), name))
    for name, module in GROUPS.items():
        if name == only or not is_known:
            application.add_typer(import_module(module).commands(), name=name)
    return application


def _show_version(asked: bool) -> None:
    if asked:
        from fhir_server.standalone import software_version

        print(software_version())
        raise typer.Exit


VERSION = typer.Option("--version", help="Show the version.", callback=_show_version, is_eager=True)


def _about(version: Annotated[bool, VERSION] = False) -> None:
    """A FHIR R4 server. Every option of serve is also a setting FHIR_SERVER_..."""


def main() -> None:
    """Run the command of `sys.argv`. A failure is one line on standard error and an exit status."""
    try:
        gc.disable()  # Imports leave no garbage, and collecting takes a tenth of their time.
        application = commands(next((word for word in sys.argv[1:] if not word.startswith("-")), None))
        gc.enable()
        application()
    except CommandError as error:
        _fail(str(error), error.status)
    except SettingError as error:
        _fail(str(error))
    except FhirError as error:
        _fail(" ".join(issue.text.render() for issue in error.issues))
    except OSError as error:
        _fail(f"{f'{error.filename}: ' if error.filename else ''}{error.strerror or error}.")
    except Exception as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        _fail(f"unforeseen {type(error).__name__} in {place.filename}, line {place.lineno}: {error}")


def _fail(message: str, status: int = FAILED) -> None:
    print(f"fhir-server: {message}", file=sys.stderr)
    sys.exit(status)
