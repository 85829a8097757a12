"""The forecast cohort: the rates of loading it with all rules, and of pulling its claims.

`make proof` checks the results themselves.
"""

import json
import re
import time
from dataclasses import dataclass

import httpx

from benchmarks import wire
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Table, Target
from benchmarks.servers import Server
from fhir_server.cli.bundle_sender import TIMEOUT_SECONDS, http_sender, send_groups
from mappings.sesame.cohort.forecast import SEED, forecast_cohort

CLIENTS, WORKERS = 8, 2
WHOLE = 4_000
"""The effort, in patients, from which on the whole cohort is loaded."""
SMALL_SCALE, FEED_SCALE = 0.1, 0.2
WRITTEN_BY_SERVER = {"Claim", "Observation"}
FEED = "/fhir/Claim/$billing-feed?_count=500"
# Searched as text, so that the client's parser is not measured.
EVENT, NEXT = b'"mode":"match"', re.compile(rb'"relation":"next","url":"http://[^/]+([^"]+)"')


def loading(bench: Bench) -> Figure:
    """The load rate with eight clients and two processes on all cores.

    Counts the resources sent, and the claims and scores that the server writes. The processor time is
    reported too, because other programs may have used the cores.
    """
    with bench.product(WORKERS) as server:
        before = server.family_seconds()
        loaded = load_forecast(server, scale_of(bench))
        spent = server.family_seconds() - before
    heads = ("resources", "seconds", "server's processor seconds", "per processor second")
    per_second = loaded.resources / spent
    cells = (f"{loaded.resources:,}", f"{loaded.seconds:.1f}", f"{spent:.1f}", f"{per_second:,.0f}")
    return Figure.of([loaded.rate], Table(heads, (cells,)))


def pulling(bench: Bench) -> Figure:
    """The rate of pulling the whole feed, repeatedly."""
    with bench.product() as server:
        load_forecast(server, FEED_SCALE)
        return Figure.of([_pulled(server) for _ in range(bench.effort.rounds)])


@dataclass(frozen=True, slots=True)
class Loaded:
    """The number of resources created and updated, and the time it took."""

    resources: int
    seconds: float

    @property
    def rate(self) -> float:
        return self.resources / self.seconds


def scale_of(bench: Bench) -> float:
    """The scale of the cohort for this effort."""
    return 1.0 if bench.effort.patients >= WHOLE else SMALL_SCALE


def load_forecast(server: Server, scale: float) -> Loaded:
    """Send the cohort with several concurrent clients."""
    groups = list(forecast_cohort(seed=SEED, scale=scale))
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        begun = time.perf_counter()
        send_groups(groups, http_sender(client, f"http://127.0.0.1:{server.port}/fhir"), CLIENTS)
        seconds = time.perf_counter() - begun
    entries = [entry for group in groups for bundle in group for entry in bundle["entry"]]
    updates = len([entry for entry in entries if entry["request"]["method"] == "PUT"])
    types: set[str] = {entry["resource"]["resourceType"] for entry in entries} | WRITTEN_BY_SERVER
    created = sum(_count(server, type) for type in types)
    return Loaded(created + updates, seconds)


def _count(server: Server, type: str) -> int:
    found = server.ask(wire.request("GET", f"/fhir/{type}?_summary=count"))
    total: int = json.loads(found.body)["total"]
    return total


def _pulled(server: Server) -> float:
    """Claims per second."""
    claims, target = 0, FEED
    begun = time.perf_counter()
    while True:
        page = server.ask(wire.request("GET", target)).body
        events, following = page.count(EVENT), NEXT.search(page)
        if not events or not following:
            return claims / (time.perf_counter() - begun)
        claims += events
        target = following[1].decode()


ROWS = (
    Row(
        "forecast",
        "the forecast cohort, loaded by 8 clients into 2 processes",
        Target(800.0, unit="resources/s"),
        loading,
    ),
    Row("feed", "Claim/$billing-feed, 500 to a page", Target(5_000.0, unit="claims/s"), pulling),
)
