"""The lists of nurses and psychiatrists and the dashboard, with the forecast cohort in the caseload cache."""

import json
import time
from collections import Counter
from collections.abc import Callable

from benchmarks import wire
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Target
from benchmarks.rows.forecast_load import load_forecast, scale_of
from benchmarks.servers import Server

DAY = "2025-06-30"
"""A day in the middle of the programme."""

AGENDA = f"/fhir/PractitionerRole/$case-review-list?date={DAY}"
DASHBOARD = "/fhir/$sesame-dashboard?periodStart=2023-09&periodEnd=2026-08"


def agenda(bench: Bench) -> Figure:
    """The case review agenda of all nurses and psychiatrists together."""
    return _milliseconds(bench, lambda _: AGENDA)


def caseload(bench: Bench) -> Figure:
    """The caseload of the nurse with the most patients."""
    return _milliseconds(bench, _largest_caseload)


def dashboard(bench: Bench) -> Figure:
    """Every indicator over the whole window."""
    return _milliseconds(bench, lambda _: DASHBOARD)


def _milliseconds(bench: Bench, target: Callable[[Server], str]) -> Figure:
    """The time to the complete response. The first, for which the server reads the store, is not counted."""
    with bench.product() as server:
        load_forecast(server, scale_of(bench))
        request = wire.request("GET", target(server))
        server.ask(request)
        return Figure.of([_asked(server, request) for _ in range(bench.effort.rounds)])


def _asked(server: Server, request: bytes) -> float:
    begun = time.perf_counter()
    server.ask(request)
    return (time.perf_counter() - begun) * 1_000


def _largest_caseload(server: Server) -> str:
    report = server.ask(
        wire.request("GET", f"/fhir/Measure/file-active/$evaluate-measure?periodStart={DAY}&periodEnd={DAY}")
    )
    group = json.loads(report.body)["group"][0]
    strata = group["stratifier"][0]["stratum"]
    sizes = Counter({one["value"]["text"]: one["population"][0]["count"] for one in strata})
    ((nurse, _),) = sizes.most_common(1)
    return f"/fhir/{nurse}/$file-active?date={DAY}"


ROWS = (
    Row(
        "caseload",
        "$file-active of the nurse with the most patients",
        Target(50.0, at_least=False, unit="ms"),
        caseload,
    ),
    Row(
        "agenda",
        "$case-review-list of the forecast cohort",
        Target(200.0, at_least=False, unit="ms"),
        agenda,
    ),
    Row(
        "dashboard",
        "$sesame-dashboard of the forecast cohort",
        Target(2_000.0, at_least=False, unit="ms"),
        dashboard,
    ),
)
