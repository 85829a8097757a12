"""Searches as the store grows: each shape on stores of several sizes, one request at a time.

https://hl7.org/fhir/R4/search.html
"""

import json
import statistics
import tempfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks import client, cohort_stores, servers, shapes, wire
from benchmarks.bench import Bench, Row
from benchmarks.client import Span
from benchmarks.figures import Figure, Sample, Table, Target
from benchmarks.servers import Server
from benchmarks.shapes import SHAPES, Shape
from benchmarks.workloads import InTurn

GROWTH_MAX = 1.5
FROM = 1_000
"""The baseline size of growth; times of smaller stores are mostly overhead."""
ROUNDS = 9
"""Many short rounds, so that a brief slowdown of the machine spoils few of them."""
REQUESTS = 500
"""Different searches of one shape."""
TURNED = 5
"""Few deep pages of one shape, because each takes many requests to reach."""
SHARE_OF_SPAN = 12

Size = int


@dataclass(frozen=True, slots=True)
class Course:
    """The samples of one shape at each size, round by round."""

    shape: Shape
    samples: Mapping[Size, Sequence[Sample]]

    def p50(self, size: Size) -> float:
        return statistics.median(sample.p50_seconds for sample in self.samples[size])

    def p99(self, size: Size) -> float:
        return statistics.median(sample.p99_seconds for sample in self.samples[size])

    def growth(self) -> float:
        """The median latency at the largest size as a ratio to that at `FROM`."""
        return self._growth(lambda sample: sample.p50_seconds)

    def growth_of_processor_time(self) -> float:
        return self._growth(_processor_seconds)

    def _growth(self, cost: Callable[[Sample], float]) -> float:
        """The median ratio of samples of the same round."""
        pairs = zip(self.samples[max(self.samples)], self.samples[FROM], strict=True)
        return statistics.median(cost(great) / cost(small) for great, small in pairs)

    @property
    def verdict(self) -> str:
        if not self.shape.held:
            return f"not held: {self.shape.why_not}"
        return "met" if self.growth() < GROWTH_MAX else "MISSED"


def _processor_seconds(sample: Sample) -> float:
    """The server's processor seconds per request."""
    return sample.server_busy / sample.rate


def growth(bench: Bench) -> Figure:
    """The greatest growth among the shapes that are held to it."""
    with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder, ExitStack() as running:
        by_size = {
            size: running.enter_context(servers.product(bench.cores.server, store))
            for size, store in list(cohort_stores.stores(Path(folder), bench.effort.sizes))
        }
        courses = [_course(shape, by_size, bench) for shape in SHAPES]
    return figure(courses)


def figure(courses: Sequence[Course]) -> Figure:
    """The figure of all courses, with the table of them."""
    held = [course.growth() for course in courses if course.shape.held]
    return Figure(max(held), min(held), max(held), table=_table(courses))


def _course(shape: Shape, by_size: Mapping[Size, Server], bench: Bench) -> Course:
    loads = {size: InTurn(_requests(shape, size, server), 200) for size, server in by_size.items()}
    whole = bench.effort.span
    span = Span(whole.warm_up_seconds / SHARE_OF_SPAN, whole.seconds / SHARE_OF_SPAN)
    samples: dict[Size, list[Sample]] = {size: [] for size in by_size}
    for turn in range(ROUNDS):
        # The order of the sizes rotates, so that other work of the machine affects all of them.
        for size in sorted(by_size, reverse=turn % 2 == 1):
            server = by_size[size]
            clock = server.processor_seconds
            one = client.measure(server.port, clock, loads[size], span, bench.cores.client, connections=1)
            samples[size].append(one)
    return Course(shape, samples)


def _requests(shape: Shape, patients: Size, server: Server) -> list[bytes]:
    wanted = TURNED if shape.pages else REQUESTS
    asked = [f"/fhir/{search}" for search in shapes.requests(shape, patients, wanted)]
    return [wire.request("GET", _turned(server, target, shape.pages)) for target in asked]


def _turned(server: Server, target: str, pages: int) -> str:
    """The page `pages` after the first, or the last page if there are fewer."""
    for _ in range(pages):
        links = json.loads(server.ask(wire.request("GET", target)).body)["link"]
        following = [link["url"] for link in links if link["relation"] == "next"]
        if not following:
            break
        parts = urlsplit(following[0])
        target = f"{parts.path}?{parts.query}"
    return target


def _table(courses: Iterable[Course]) -> Table:
    courses = list(courses)
    sizes = sorted(courses[0].samples)
    heads = ("shape", *(f"{size:,}" for size in sizes), "growth", "of CPU", "verdict")
    return Table(
        heads,
        tuple(_line(course, sizes) for course in courses),
        (
            f"p50/p99 in ms by number of patients, one request at a time; growth of p50 from {FROM:,} to "
            f"{sizes[-1]:,} patients,",
            "and of the server's processor time for a request, which other programs disturb less.",
        ),
    )


def _line(course: Course, sizes: Iterable[Size]) -> tuple[str, ...]:
    times = (f"{course.p50(size) * 1000:.2f}/{course.p99(size) * 1000:.2f}" for size in sizes)
    growths = (f"{course.growth():.2f}", f"{course.growth_of_processor_time():.2f}")
    return course.shape.name, *times, *growths, course.verdict


ROWS = (
    Row(
        "growth",
        "p50 of selective searches as the store grows",
        Target(GROWTH_MAX, at_least=False, unit="times"),
        growth,
    ),
)
