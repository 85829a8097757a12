"""The statements that SQLite runs."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest


@contextmanager
def statements_run() -> Iterator[list[str]]:
    """Holds all that the connections run which are opened meanwhile."""
    ran: list[str] = []
    connect = sqlite3.connect

    def traced(*args: Any, **kwargs: Any) -> sqlite3.Connection:
        connection: sqlite3.Connection = connect(*args, **kwargs)
        connection.set_trace_callback(ran.append)
        return connection

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("fhir_server.store.sqlite.connection.sqlite3.connect", traced)
        yield ran
