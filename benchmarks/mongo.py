"""make bench STORE=mongo: what requests cost in our own code on MongoDB, next to all of it when embedded.

The time within the database and on the way to it is that of the tests' server, and says nothing of a real
one. What the driver takes for a command is measured by bare ones in the same run; what is left is ours.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from pymongo import MongoClient, monitoring

from fhir_server import bootstrap
from fhir_server.core.request import FhirRequest
from fhir_server.settings import Settings
from tests.mongo.server import database_uri

BASE = "http://127.0.0.1:8080/fhir"
REPEATED = 150
_numbers = count(1)


class Driver(monitoring.CommandListener):
    """Adds up the time from sending a command to its answer."""

    def __init__(self) -> None:
        self.microseconds = 0
        self.commands = 0

    def started(self, event: monitoring.CommandStartedEvent) -> None: ...

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self.microseconds += event.duration_micros
        self.commands += 1

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self.microseconds += event.duration_micros
        self.commands += 1


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds of one request: in all, and of those in the database; and the commands it took."""

    total: float
    database: float
    commands: float

    def own(self, driver: float) -> float:
        """What is neither the database's nor the driver's, which takes so much for each command."""
        return self.total - self.database - self.commands * driver


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


def _bundle() -> dict[str, Any]:
    entries = [{"request": {"method": "POST", "url": "Patient"}, "resource": _patient()} for _ in range(20)]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


SHAPES: dict[str, Callable[[], FhirRequest]] = {
    "read": lambda: _request("GET", "Patient/known"),
    "create": lambda: _request("POST", "Patient", _patient()),
    "update": lambda: _request("PUT", "Patient/known", _patient("known")),
    "search by identifier": lambda: _request("GET", "Patient?identifier=urn:ids|7"),
    "search by name": lambda: _request("GET", "Patient?name=martin-1&_count=10&_total=none"),
    "transaction of 20": lambda: _request("POST", "", _bundle()),
}


@contextmanager
def _server(store: str) -> Iterator[bootstrap.Server]:
    server = bootstrap.build(Settings.load({}, {"store": store, "programmes": ""}))
    server.dispatcher.dispatch(_request("PUT", "Patient/known", _patient("known")))
    try:
        yield server
    finally:
        server.store.close()


def _cost(server: bootstrap.Server, make: Callable[[], FhirRequest], driver: Driver) -> Cost:
    """The mean over many requests, made beforehand."""
    requests = [make() for _ in range(REPEATED)]
    server.dispatcher.dispatch(make())
    database, commands, began = driver.microseconds, driver.commands, time.perf_counter()
    for request in requests:
        server.dispatcher.dispatch(request)
    seconds = time.perf_counter() - began
    return Cost(
        seconds * 1e6 / REPEATED,
        (driver.microseconds - database) / REPEATED,
        (driver.commands - commands) / REPEATED,
    )


def _driver_microseconds(uri: str, driver: Driver) -> float:
    """What the driver takes for one bare command, beside the time until it is answered."""
    client: MongoClient[Any] = MongoClient(uri)
    with client:
        resources = client.get_default_database()["resources"]
        resources.find_one({"_id": "Patient/known"})
        database, began = driver.microseconds, time.perf_counter()
        for _ in range(REPEATED):
            resources.find_one({"_id": "Patient/known"}, {"b": 1})
        seconds = time.perf_counter() - began
    return (seconds * 1e6 - driver.microseconds + database) / REPEATED


def main() -> None:
    """Print a line for each shape of request."""
    driver = Driver()
    monitoring.register(driver)
    with TemporaryDirectory() as folder:
        embedded = f"sqlite:///{Path(folder) / 'store.sqlite'}"
        uri = database_uri()
        with _server(embedded) as one, _server(uri) as other:
            bare = _driver_microseconds(uri, driver)
            print(f"the driver takes {bare:.0f}µs for a command")
            print(f"{'':22}{'embedded':>10}{'MongoDB':>10}{'database':>10}{'ours':>8}{'ratio':>8}  commands")
            for name, make in SHAPES.items():
                here, there = _cost(one, make, driver), _cost(other, make, driver)
                own = there.own(bare)
                print(
                    f"{name:22}{here.total:8.0f}µs{there.total:8.0f}µs{there.database:8.0f}µs"
                    f"{own:6.0f}µs{own / here.total:8.2f}  {there.commands:.1f}"
                )


if __name__ == "__main__":
    main()
