"""make bench STORE=mongo: the cost of requests in our own code on MongoDB, compared with the embedded store.

Requests go to the dispatcher, as from HTTP. The times of the tests' database server say nothing about a real
one, and the driver is not our code. So each request is recorded once, and then repeated with the driver's
results replayed: this measures our own code, to compare with the whole path of the embedded store.
"""

import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from msgspec.structs import replace
from pymongo import monitoring

from benchmarks.driver_recorder import DriverRecorder
from fhir_server import bootstrap
from fhir_server.core.request import Conditions, FhirRequest
from fhir_server.settings import Settings
from fhir_server.store.mongo import store as mongo_store
from tests.mongo.server import database_uri

BASE = "http://127.0.0.1:8080/fhir"
RECORDED = 20
REPEATED = 25
ROUNDS = 12
RATIO_MAX = 1.5
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Cost:
    """The cost of one request in microseconds: processor time in our own code, wall time in the driver, which
    is mostly the database's; and its number of commands.
    """

    own: float
    driver: float
    commands: float


def _patient(id: str = "") -> dict[str, Any]:
    number = next(_numbers)
    named = {"id": id} if id else {}
    identifier = {"system": "urn:ids", "value": str(number)}
    name = {"family": f"Martin-{number % 50}", "given": ["Claire"]}
    return {"resourceType": "Patient", **named, "identifier": [identifier], "name": [name], "active": True}


def _request(method: str, url: str, content: Any = None) -> FhirRequest:
    path, _, query = url.partition("?")
    pairs = tuple(tuple(pair.split("=")) for pair in query.split("&")) if query else ()
    return FhirRequest(
        method=method,
        path=tuple(part for part in path.split("/") if part),
        base_url=BASE,
        query=pairs,  # type: ignore[arg-type]
        content=content,
        content_type="application/fhir+json",
    )


def _observation() -> dict[str, Any]:
    code = {"coding": [{"system": "urn:codes", "code": "score"}]}
    subject = {"reference": "Patient/known"}
    return {"resourceType": "Observation", "id": "one", "status": "final", "code": code, "subject": subject}


def _create_once() -> FhirRequest:
    made = _patient()
    condition = f"identifier=urn:ids|{made['identifier'][0]['value']}"
    return replace(_request("POST", "Patient", made), conditions=Conditions(if_none_exist=condition))


def _bundle() -> dict[str, Any]:
    entries = [{"request": {"method": "POST", "url": "Patient"}, "resource": _patient()} for _ in range(20)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


SHAPES: dict[str, Callable[[], FhirRequest]] = {
    "read": lambda: _request("GET", "Patient/known"),
    "create": lambda: _request("POST", "Patient", _patient()),
    "conditional create": _create_once,
    "update": lambda: _request("PUT", "Patient/known", _patient("known")),
    "search, the same again": lambda: _request("GET", "Patient?identifier=urn:ids|7"),
    "search, ever another": lambda: _request("GET", f"Patient?identifier=urn:ids|{next(_numbers)}"),
    "search by name": lambda: _request("GET", "Patient?name=martin-1&_count=10&_total=none"),
    "search, sorted": lambda: _request("GET", "Patient?name=martin-1&_sort=name&_count=10"),
    "search by a chain": lambda: _request("GET", "Observation?patient.identifier=urn:ids|1"),
    "search with _include": lambda: _request("GET", "Observation?_id=one&_include=Observation:patient"),
    "history": lambda: _request("GET", "Patient/known/_history?_count=10"),
    "transaction of 20": lambda: _request("POST", "", _bundle()),
}


@contextmanager
def _server(store: str) -> Iterator[bootstrap.Server]:
    server = bootstrap.build(Settings.load({}, {"store": store, "programmes": ""}))
    server.dispatcher.dispatch(_request("PUT", "Patient/known", _patient("known")))
    server.dispatcher.dispatch(_request("PUT", "Observation/one", _observation()))
    try:
        yield server
    finally:
        server.store.close()


def _processor_microseconds(server: bootstrap.Server, requests: Sequence[FhirRequest]) -> float:
    """The mean processor time of the requests."""
    began = time.process_time_ns()
    for request in requests:
        server.dispatcher.dispatch(request)
    return (time.process_time_ns() - began) / len(requests) / 1_000


def _in_earnest(
    server: bootstrap.Server, make: Callable[[], FhirRequest], driver: DriverRecorder
) -> tuple[float, float]:
    """The mean microseconds in the driver and the number of commands of a request; records its
    last results.
    """
    within, commands = driver.nanoseconds, driver.commands
    for _ in range(RECORDED):
        driver.forget()
        server.dispatcher.dispatch(make())
    return (driver.nanoseconds - within) / RECORDED / 1_000, (driver.commands - commands) / RECORDED


def _compare(
    embedded: bootstrap.Server,
    other: bootstrap.Server,
    make: Callable[[], FhirRequest],
    driver: DriverRecorder,
) -> tuple[float, Cost]:
    """The minimum over alternating rounds, because other work of the machine only ever adds time."""
    within, commands = _in_earnest(other, make, driver)
    here, there = [], []
    for _ in range(ROUNDS):
        here.append(_processor_microseconds(embedded, [make() for _ in range(REPEATED)]))
        requests = [make() for _ in range(REPEATED)]
        with driver.replayed():
            there.append(_processor_microseconds(other, requests))
    return min(here), Cost(min(there), within, commands)


def main() -> None:
    """Print a line for each kind of request; status 1 where our code exceeds its limit."""
    driver = DriverRecorder()
    # Runs four times a second independently of requests.
    mongo_store.GENERATION_SECONDS = 3_600
    monitoring.register(driver)
    worst = 0.0
    with TemporaryDirectory() as folder, driver.watched():
        embedded = f"sqlite:///{Path(folder) / 'store.sqlite'}"
        with _server(embedded) as one, _server(database_uri()) as other:
            print(f"{'':24}{'embedded':>10}{'driver':>10}{'ours':>10}{'ratio':>8}  commands")
            for name, make in SHAPES.items():
                here, there = _compare(one, other, make, driver)
                ratio = there.own / here
                worst = max(worst, ratio)
                print(
                    f"{name:24}{here:8.0f}µs{there.driver:8.0f}µs{there.own:8.0f}µs"
                    f"{ratio:8.2f}  {there.commands:.1f}"
                )
    print(f"worst {worst:.2f}, at most {RATIO_MAX}")
    sys.exit(worst > RATIO_MAX)


if __name__ == "__main__":
    main()
