"""One run of the proof against a running server: load, pull, acknowledge, count."""

import time
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import httpx

from benchmarks.proof import comparison
from benchmarks.proof.acknowledgements import acknowledgements
from benchmarks.proof.comparison import Cell
from benchmarks.proof.duplicate_posts import send_twice
from benchmarks.proof.killed_consumer import KilledConsumer
from benchmarks.proof.ledger import Event, Ledger
from benchmarks.proof.measure_reports import Get, measured_cells
from fhir_server.cli.bundle_sender import TIMEOUT_SECONDS, SendBundle, http_sender, send_groups
from fhir_server.core import json
from mappings.sesame.cohort.course import Course
from mappings.sesame.cohort.forecast import forecast_cohort, forecast_courses
from mappings.sesame.cohort.forecast_table import read_forecast
from mappings.sesame.guide import read_guide

WINDOW = {"sesame": {"window_start": "2023-09-01", "window_end": "2026-08-31"}}
"""The server's options: sequences that begin outside the forecast's periods are refused."""


@dataclass(frozen=True, slots=True)
class Proof:
    """The results and statistics of a run."""

    cells: tuple[Cell, ...]
    entries: int
    load_seconds: float
    kills: int
    repeated: int

    @property
    def holds(self) -> bool:
        return all(cell.holds for cell in self.cells)


def prove(base: str, folder: Path, *, scale: float, seed: int, clients: int) -> Proof:
    """Load the cohort into the server at `base` and compare what billing gets with the table.

    Every POST is sent twice at once, by `clients` clients, while the feed's consumer is killed and resumed.
    """
    ledger = folder / "ledger.ndjson"
    with _posting(base, clients) as post:
        with KilledConsumer(base, ledger, Random(seed)) as consumer:
            started = time.perf_counter()
            entries = send_groups(forecast_cohort(seed=seed, scale=scale), post, clients)
            seconds = time.perf_counter() - started
        consumer.drain()
        pulled = Ledger(ledger)
        events = list(pulled.distinct().values())
        send_groups(acknowledgements(read_guide(), events), post, clients)
    periods = read_forecast(scale)
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:
        get = partial(_got, client)
        cells = comparison.cells(periods, events) + measured_cells(get, base, periods)
        cells += _counted(get, base, events, forecast_courses(seed, scale))
    return Proof(tuple(cells), entries, seconds, consumer.kills, len(pulled.events) - len(events))


@contextmanager
def _posting(base: str, clients: int) -> Iterator[SendBundle]:
    limits = httpx.Limits(max_connections=2 * clients, max_keepalive_connections=2 * clients)
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, limits=limits) as client,
        ThreadPoolExecutor(clients) as others,
    ):
        yield send_twice(http_sender(client, base), others)


def _got(client: httpx.Client, url: str) -> dict[str, Any]:
    found: dict[str, Any] = json.parse(client.get(url).raise_for_status().content)
    return found


def _counted(get: Get, base: str, events: list[Event], all_courses: Iterable[Course]) -> list[Cell]:
    """The cells of counts by searches on the server."""
    courses = list(all_courses)
    states = Counter(course.stage.status for course in courses)
    plans = sum(len(course.sequences) for course in courses)
    claims = len(events)
    expected = {
        "Patient": len(courses),
        "EpisodeOfCare": len(courses),
        "CarePlan": plans,
        "Encounter?type=nurse-contact": sum(len(course.contacts) for course in courses),
        "Encounter?type=case-review": sum(len(course.reviewed_on) for course in courses),
        **{f"Task?code=referral&status={status}": states[status] for status in ("in-progress", "completed")},
        "Task?code=referral": len(courses),
        "Claim?status=active": claims,
        "Claim": claims,
        "Task?code=acknowledge-claim": claims,
        "Claim?_has:Task:focus:billing-state=received": claims,
    }
    return comparison.counted(expected, {search: _total(get, base, search) for search in expected})


def _total(get: Get, base: str, search: str) -> int:
    joined = "&" if "?" in search else "?"
    total: int = get(f"{base}/{search}{joined}_summary=count")["total"]
    return total
