"""serve: start the HTTP server."""

import os
from dataclasses import replace
from typing import Annotated

import typer

from fhir_server import bootstrap
from fhir_server.cli import http_server, provision
from fhir_server.cli.errors import CommandError
from fhir_server.cli.requests import base_url
from fhir_server.cli.store_options import MEMORY
from fhir_server.settings import Settings
from fhir_server.store.backends import without_credentials

OPEN_ACCESS = "FHIR_SERVER_ALLOW_OPEN_ACCESS=true"


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes any free one.")] = None,
    store: Annotated[str | None, typer.Option(help="sqlite:///path, mongodb://host/db or memory:")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that serve requests.")] = None,
    demo: Annotated[bool | None, typer.Option(help="Load the synthetic cohort, once.")] = None,
) -> None:
    """Start the server; Ctrl-C stops it.

    Options not given come from the settings FHIR_SERVER_HOST and so on.
    """
    options = {"host": host, "port": port, "store": store, "workers": workers, "demo": demo}
    settings = Settings.load(os.environ, options)
    refuse_exposure(settings)
    refuse_shared_memory_store(settings)
    http_server.exit_on_signals()
    http_server.disable_garbage_collector()
    with http_server.listen(settings.host, settings.port) as listener:
        settings = replace(settings, port=listener.getsockname()[1])
        server = bootstrap.build(settings)
        server.engines.adopt()
        changed = provision.load_guides(server)
        if settings.demo:
            http_server.freeze_garbage_collector()
            provision.load_demo(server)
        print(banner(server, base_url(settings), changed), flush=True)
        if settings.workers == 1:
            http_server.run_in_process(bootstrap.application(server), settings, listener)
        else:
            server.store.close()
            http_server.run_workers(settings, listener)


def refuse_exposure(settings: Settings) -> None:
    """Raise `CommandError` when other machines could reach the server without access control."""
    if settings.allow_open_access or bootstrap.is_loopback(settings.host):
        return
    raise CommandError(
        f"refusing to listen on {settings.host}: no access control is configured, so whoever reaches the "
        "port could read and change all health data. Listen on 127.0.0.1, or set "
        f"{OPEN_ACCESS} on a closed network."
    )


def refuse_shared_memory_store(settings: Settings) -> None:
    """Raise `CommandError` for several processes with a memory store, which they cannot share."""
    if settings.store == MEMORY and settings.workers > 1:
        raise CommandError(
            f"memory: cannot be shared by {settings.workers} workers. Use --workers 1, or --store sqlite:///path."
        )


def banner(server: bootstrap.Server, base: str, changed: int) -> str:
    """The lines that the operator sees: the address, what is loaded, and a first command to try."""
    guides = ", ".join(f"{programme.name} {programme.version}" for programme in server.programmes)
    first = "Patient?_count=1&_pretty=true" if server.settings.demo else "metadata?_pretty=true"
    return "\n".join(
        (
            f"FHIR base  {base}",
            f"Guide      {guides or 'none'} ({changed} resources written)",
            f"Store      {without_credentials(server.settings.store)}",
            *pending_lines(server),
            f"Try        curl '{base}/{first}'",
            "Ctrl-C stops the server.",
        )
    )


def pending_lines(server: bootstrap.Server) -> list[str]:
    """A line about pending indexes; none where all are complete."""
    pending = server.engines.current().pending
    if not pending:
        return []
    count = sum(map(len, pending.values()))
    return [f"Indexes    {count} pending; searches that need them wait for 'fhir-server reindex'"]
