"""Settings for the whole suite: deterministic hypothesis, and no sockets outside end-to-end tests."""

import os
import socket
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from tests.mongo.server import is_database

settings.register_profile(
    "suite",
    derandomize=True,
    deadline=None,
    max_examples=60,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("thorough", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "suite"))


@pytest.fixture(autouse=True)
def _no_sockets(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network access is an error in every test that is not marked e2e, but for the tests' database."""
    if request.node.get_closest_marker("e2e") is None:
        connect = socket.socket.connect

        def refuse(self: socket.socket, address: Any) -> None:
            if not is_database(address):
                raise AssertionError("this test opens a socket; mark it e2e")
            connect(self, address)

        monkeypatch.setattr(socket.socket, "connect", refuse)
