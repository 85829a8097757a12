"""package: install FHIR packages for the server, list those that are installed, and remove them."""

import os
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli.progress import progress
from fhir_server.cli.provision import adopt_search_parameters
from fhir_server.cli.store_options import StoreOption, open_existing, refuse_memory
from fhir_server.definitions.packages.archive import read_package
from fhir_server.definitions.packages.package import Package, PackageIndex
from fhir_server.interactions.conformance import installed
from fhir_server.interactions.packages import Installed
from fhir_server.interactions.packages import install as install_packages
from fhir_server.interactions.packages import remove as remove_packages
from fhir_server.settings import Settings

LONE = typer.Option("--without-dependencies", help="Even where something that they depend on is missing.")
NEEDED = typer.Option("--without-dependencies", help="Even where another package depends on it.")
NONE = "No package is installed; R4 itself (hl7.fhir.r4.core) is built in."


def commands() -> typer.Typer:
    """The commands as a group of their own."""
    group = typer.Typer(help="Install FHIR packages, list or remove them.", no_args_is_help=True)
    group.command("install")(install)
    group.command("list")(list_installed)
    group.command("remove")(remove)
    return group


def install(
    files: Annotated[list[Path], typer.Argument(help="FHIR packages, .tgz")],
    without_dependencies: Annotated[bool, LONE] = False,
    store: StoreOption = None,
) -> None:
    """Install packages: all that are given or none.

    What a package depends on must be given too, or be installed. A server that is running uses them with its
    next request.
    """
    settings = Settings.load(os.environ, {"store": store})
    refuse_memory(settings.store)
    packages = _read(files)
    server = bootstrap.build(settings)
    with closing(server.store):
        adopt_search_parameters(server)
        done = install_packages(server.engines, packages, check_dependencies=not without_dependencies)
        pending = sum(map(len, server.engines.current().pending.values()))
    _tell(done)
    if pending:
        print(f"{pending} search parameters wait for their index: run fhir-server reindex.")


def _read(files: list[Path]) -> list[Package]:
    packages = []
    with progress("Reading", len(files)) as advance:
        for file in files:
            packages.append(read_package(file))
            advance(1)
    return packages


def _tell(done: Installed) -> None:
    for package in done.added:
        for member, reason in package.left_out.items():
            print(f"{package.label}: {member} is left out: {reason}")
        print(f"{package.label}: installed, {_count(package)}.")
    for package in done.known:
        print(f"{package.label}: is installed already.")


def remove(
    names: Annotated[list[str], typer.Argument(help="name#version, or name for all its versions")],
    without_dependencies: Annotated[bool, NEEDED] = False,
    store: StoreOption = None,
) -> None:
    """Remove packages: all that are named or none.

    What another package depends on stays. A server that is running does without them from its next request.
    """
    settings = Settings.load(os.environ, {"store": store})
    server = open_existing(settings)
    with closing(server.store):
        gone = remove_packages(server.engines, names, check_dependencies=not without_dependencies)
    for package in gone:
        print(f"{package.label}: removed.")


def list_installed(store: StoreOption = None) -> None:
    """List the packages that are installed."""
    settings = Settings.load(os.environ, {"store": store})
    server = open_existing(settings)
    with closing(server.store):
        packages = installed(server.store)
    for package in packages:
        print(_line(package))
    if not packages:
        print(NONE)


def _line(package: PackageIndex) -> str:
    title = f"  {package.title}" if package.title else ""
    return f"{package.label}  {_count(package)}{title}"


def _count(package: PackageIndex) -> str:
    number = len(package.resources)
    return f"{number} resource{'' if number == 1 else 's'}"
