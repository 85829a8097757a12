"""demo: load a programme's synthetic cohort, into the store or into a running server."""

import os
import time
from collections.abc import Iterable
from contextlib import closing
from typing import Annotated

import httpx
import typer

from fhir_server import bootstrap
from fhir_server.cli.bundle_sender import TIMEOUT_SECONDS, http_sender, in_process_sender, send_groups
from fhir_server.cli.errors import MisuseError
from fhir_server.cli.provision import adopt_search_parameters, load_guides
from fhir_server.cli.store_options import refuse_memory
from fhir_server.extension import Resource
from fhir_server.settings import Settings
from fhir_server.standalone import programmes

SEED = 2023
Groups = Iterable[tuple[Resource, ...]]


def demo(
    cohort: Annotated[str, typer.Option(help="The name of the cohort, such as forecast.")],
    base: Annotated[str | None, typer.Option(help="FHIR base of a running server.")] = None,
    store: Annotated[str | None, typer.Option(help="sqlite:///path, where no server runs.")] = None,
    scale: Annotated[float, typer.Option(help="How much of it, from 0.01 to 1.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Another seed makes another cohort.")] = SEED,
    clients: Annotated[int, typer.Option(min=1, max=64, help="Clients at once, with --base.")] = 1,
) -> None:
    """Load a synthetic cohort.

    It goes the way of clients' requests. Every creation is conditional: loaded again, the same cohort adds
    nothing.
    """
    settings = Settings.load(os.environ, {"store": store})
    groups = _groups(settings, cohort, seed, scale)
    started = time.perf_counter()
    entries = _over_http(groups, base, clients) if base else _in_process(groups, settings)
    print(f"{entries} entries of the cohort {cohort} sent in {time.perf_counter() - started:.1f} s.")


def _groups(settings: Settings, name: str, seed: int, scale: float) -> Groups:
    known = dict(named for programme in programmes(settings) for named in programme.cohorts.items())
    if name not in known:
        raise MisuseError(f"--cohort {name}: unknown. Known: {', '.join(sorted(known)) or 'none'}.")
    try:
        return known[name](settings.guide_root, seed=seed, scale=scale)
    except ValueError as error:
        raise MisuseError(f"--scale: {error}.") from error


def _over_http(groups: Groups, base: str, clients: int) -> int:
    try:
        with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
            return send_groups(groups, http_sender(client, base), clients)
    except httpx.UnsupportedProtocol as error:
        raise MisuseError(f"--base {base}: expected a URL such as http://127.0.0.1:8080/fhir.") from error


def _in_process(groups: Groups, settings: Settings) -> int:
    refuse_memory(settings.store)
    server = bootstrap.build(settings)
    with closing(server.store):
        adopt_search_parameters(server)
        load_guides(server)
        return send_groups(groups, in_process_sender(server))
