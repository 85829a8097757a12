"""A server with the programme's rules and reactions on every persistent store, accessed over HTTP."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from fhir_server import bootstrap
from fhir_server.api.app import Application
from fhir_server.cli.provision import adopt_search_parameters
from fhir_server.core import json
from fhir_server.settings import Settings
from tests.mongo.databases import emptied_uri


@dataclass
class Client:
    """`send` makes a request and gives its status and its parsed answer."""

    loop: asyncio.AbstractEventLoop
    application: Application

    def send(self, method: str, url: str, body: Any = None, **headers: str) -> httpx.Response:
        return self.loop.run_until_complete(self._send(method, url, body, headers))

    async def _send(self, method: str, url: str, body: Any, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self.application)
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8080") as client:
            content = None if body is None else json.serialise(body)
            typed = {"content-type": "application/json", **headers}
            return await client.request(method, url, content=content, headers=typed)

    def post(self, record: str, body: Any, **headers: str) -> httpx.Response:
        return self.send("POST", f"/sesame/{record}", body, **headers)

    def get(self, url: str) -> Any:
        return json.parse(self.send("GET", url).content)


@pytest.fixture(params=["sqlite", "mongodb"])
def client(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Client]:
    store = emptied_uri() if request.param == "mongodb" else f"sqlite:///{tmp_path}/store.db"
    server = bootstrap.build(Settings.load({}, {"store": store}))
    adopt_search_parameters(server)
    loop = asyncio.new_event_loop()
    application = bootstrap.application(server)
    yield Client(loop, application)
    loop.run_until_complete(application.stop())
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
