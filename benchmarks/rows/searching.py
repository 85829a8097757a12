"""Searches. https://hl7.org/fhir/R4/search.html"""

import tempfile
from pathlib import Path
from urllib.parse import quote

from benchmarks import cohort, cohort_stores, corpus, servers, wire
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Target
from benchmarks.rows import stored_patients

COHORT = 1_000


def by_identifier(bench: Bench) -> Figure:
    """One match per search, with another patient each time."""
    with bench.product() as server:
        count = len(stored_patients.filled(server, bench.effort.patients))
        requests = [_search(number) for number in range(count)]
        return stored_patients.asked_in_turn(bench, server, requests)


def sorted_page(bench: Bench) -> Figure:
    """Twenty of many Observations of one code since some day, latest first."""
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
        cohort_stores.fill(Path(folder) / cohort_stores.FILE, range(COHORT))
        with servers.product(bench.cores.server, Path(folder)) as server:
            requests = [_latest(number) for number in range(0, COHORT, 5)]
            return stored_patients.asked_in_turn(bench, server, requests)


def _latest(number: int) -> bytes:
    criteria = f"code={quote(cohort.code(number), safe='')}&date=ge{cohort.started(number)}"
    return wire.request("GET", f"/fhir/Observation?{criteria}&_sort=-date&_count=20&_total=none")


def _search(number: int) -> bytes:
    record = corpus.record_number(number)
    token = quote(f"{record['system']}|{record['value']}", safe="")
    return wire.request("GET", f"/fhir/Patient?identifier={token}")


ROWS = (
    Row("search", "search Patient by identifier", Target(0.40), by_identifier),
    Row("page", "page of 20 Observations by token and date, sorted", Target(0.15), sorted_page),
)
