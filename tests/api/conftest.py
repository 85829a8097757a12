"""A dispatcher without an engine, and an HTTP client that needs no socket."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import httpx
import pytest

from fhir_server.api.app import ApiOptions, Application
from fhir_server.api.body import BodyLimits
from fhir_server.api.executors import Commit, WriteExecutor
from fhir_server.api.middleware import Cors
from fhir_server.api.request_log import RequestLog
from fhir_server.api.target import BaseUrls
from fhir_server.core.request import FhirRequest, FhirResponse

KNOWN_WORDS = frozenset({"Patient", "_history", "_search", "metadata"})


@dataclass
class FakeDispatcher:
    """Answers what the test says, and remembers what it was asked."""

    answer: Callable[[FhirRequest], FhirResponse]
    asked: list[FhirRequest] = field(default_factory=list)
    groups: int = 0
    read_deadlines: list[float | None] = field(default_factory=list)

    def dispatch(self, request: FhirRequest) -> FhirResponse:
        self.asked.append(request)
        return self.answer(request)

    def prepare(self, request: FhirRequest) -> Commit:
        return partial(self.dispatch, request)

    def is_read_by_id(self, request: FhirRequest) -> bool:
        return request.path == ("Patient", "short")

    def is_blocking(self, request: FhirRequest) -> bool:
        return request.method != "GET"

    def may_block(self, request: FhirRequest) -> bool:
        return self.is_blocking(request)

    def takes_long(self, request: FhirRequest) -> bool:
        return request.path[-1:] == ("$long",)

    @contextmanager
    def group(self) -> Iterator[None]:
        self.groups += 1
        yield


@dataclass
class Api:
    """One server in memory. `log` holds what it wrote; `send` makes a request to it."""

    dispatcher: FakeDispatcher
    options: dict[str, Any]
    log: list[str] = field(default_factory=list)

    def send(self, method: str, url: str, **arguments: Any) -> httpx.Response:
        return asyncio.run(self._send(method, url, arguments))

    async def _send(self, method: str, url: str, arguments: dict[str, Any]) -> httpx.Response:
        application = self.application()
        transport = httpx.ASGITransport(app=application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            response = await client.request(method, url, **arguments)
        await application.stop()
        return response

    def application(self) -> Application:
        settings: dict[str, Any] = {
            "limits": BodyLimits(bytes_max=2_000, depth_max=20),
            "base_urls": BaseUrls(),
            "cors": Cors(),
            "reads_in_loop": True,
            "set_read_deadline": self.dispatcher.read_deadlines.append,
            "read_timeout_seconds": 30.0,
            "log": RequestLog(self.log.append, KNOWN_WORDS),
        }
        executor = WriteExecutor(self.dispatcher.prepare, self.dispatcher.group, lambda: False, queue_max=100)
        return Application(
            self.dispatcher, executor, _no_site, ApiOptions(**settings | self.options), lambda: None
        )


async def _no_site(scope: Any, _receive: Any, send: Any) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


PATIENT = b'{"resourceType":"Patient","id":"1","meta":{"versionId":"3"}}'


@pytest.fixture
def make_api() -> Callable[..., Api]:
    """Builds an API whose dispatcher gives `answer` (a response, an error to raise, or a function)."""

    def make(answer: Any = None, **options: Any) -> Api:
        def reply(request: FhirRequest) -> FhirResponse:
            if isinstance(answer, Exception):
                raise answer
            if callable(answer):
                response: FhirResponse = answer(request)
                return response
            return answer or FhirResponse(200, PATIENT)

        return Api(FakeDispatcher(reply), options)

    return make
