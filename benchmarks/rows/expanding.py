"""Expansions of value sets. https://hl7.org/fhir/R4/valueset-operation-expand.html"""

import statistics
import time
from urllib.parse import quote

from benchmarks import wire
from benchmarks.bench import Bench, Row
from benchmarks.corpus import Resource
from benchmarks.figures import Figure, Target
from benchmarks.servers import Server
from fhir_server.core import json

CODES = 1_000
ASKED = 100
MILLISECOND = 1e-3
SYSTEM = "https://bench.example/fhir/CodeSystem/thousand"
VALUE_SET = "https://bench.example/fhir/ValueSet/thousand"


def expansion(bench: Bench) -> Figure:
    """Repeated expansions of all codes; the first response of a round is not counted."""
    with bench.product() as server:
        for resource in (_code_system(), _value_set()):
            _put(server, resource)
        request = wire.request("GET", f"/fhir/ValueSet/$expand?url={quote(VALUE_SET, safe='')}")
        server.ask(request)
        return Figure.of([_milliseconds(server, request) for _ in range(bench.effort.rounds)])


def _milliseconds(server: Server, request: bytes) -> float:
    """The median time of a response, including its connection."""
    times = []
    for _ in range(ASKED):
        begun = time.perf_counter()
        server.ask(request)
        times.append((time.perf_counter() - begun) / MILLISECOND)
    return statistics.median(times)


def _put(server: Server, resource: Resource) -> None:
    path = f"/fhir/{resource['resourceType']}/{resource['id']}"
    server.ask(wire.request("PUT", path, json.serialise(resource)))


def _code_system() -> Resource:
    concepts = [{"code": f"code-{number}", "display": f"Concept number {number}"} for number in range(CODES)]
    return {
        "resourceType": "CodeSystem",
        "id": "thousand",
        "url": SYSTEM,
        "name": "Thousand",
        "status": "active",
        "content": "complete",
        "concept": concepts,
    }


def _value_set() -> Resource:
    return {
        "resourceType": "ValueSet",
        "id": "thousand",
        "url": VALUE_SET,
        "name": "Thousand",
        "status": "active",
        "compose": {"include": [{"system": SYSTEM}]},
    }


ROWS = (
    Row(
        "expand",
        "$expand of 1,000 codes over HTTP, warm",
        Target(2.0, at_least=False, unit="ms"),
        expansion,
    ),
)
