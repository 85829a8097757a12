"""doctor: check this installation and its store."""

import os
import platform
import uuid
from contextlib import closing
from dataclasses import Field, fields
from typing import Annotated, Any

import typer

from fhir_server import bootstrap, standalone
from fhir_server.cli.store_options import StoreOption, open_existing
from fhir_server.settings import Settings, variable
from fhir_server.store.backends import without_credentials


def doctor(
    store: StoreOption = None,
    prepare: Annotated[
        bool, typer.Option("--prepare", help="First create, migrate and index a store in MongoDB.")
    ] = False,
    restored: Annotated[
        bool,
        typer.Option(
            "--restored", help="First give a store that its database's own tools restored a new epoch."
        ),
    ] = False,
) -> None:
    """Say whether the store is sound; show versions and counts.

    With a new epoch, clients that follow its changes are told to start over: stop the server before.
    The exit status is 1 when something is wrong.
    """
    settings = Settings.load(os.environ, {"store": store})
    print(f"version    {standalone.software_version()}, Python {platform.python_version()}")
    for line in _changed_settings(settings):
        print(f"setting    {line}")
    if prepare:
        print(f"prepared   {bootstrap.prepare_store(settings)} indexes are there")
    server = open_existing(settings)
    with closing(server.store):
        if restored:
            server.store.adopt_identity(str(uuid.uuid4()), server.store.secret)
        problems = _examine(server)
    if problems:
        raise typer.Exit(1)


def _changed_settings(settings: Settings) -> list[str]:
    """The settings that differ from their defaults."""
    return [
        f"{variable(item.name)}={_shown(item, getattr(settings, item.name))}"
        for item in fields(settings)
        if getattr(settings, item.name) != item.default
    ]


def _shown(item: "Field[Any]", value: object) -> str:
    """A value for display, masked if it is secret."""
    return "***" if item.metadata["secret"] else without_credentials(str(value))


def _examine(server: bootstrap.Server) -> list[str]:
    for programme in server.programmes:
        print(f"programme  {programme.name} {programme.version}")
    where = without_credentials(server.settings.store)
    print(f"store      {where}, epoch {server.store.epoch}, {server.store.watermark()} versions")
    counts = server.store.count()
    print(f"resources  {sum(counts.values())} of {len(counts)} types")
    for type_name, count in sorted(counts.items()):
        print(f"           {type_name} {count}")
    for type_name, codes in sorted(server.engines.current().pending.items()):
        print(f"pending    {type_name}: {', '.join(sorted(codes))} (run reindex)")
    problems = server.store.check()
    for problem in problems:
        print(f"problem    {problem}")
    print("sound" if not problems else f"{len(problems)} problems")
    return problems
