"""A fresh store of every backend."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from fhir_server.store.backends import BACKENDS, open_store
from fhir_server.store.port import Store
from tests.mongo.databases import emptied_store
from tests.mongo.server import database_uri

TESTED = [scheme for scheme in BACKENDS if scheme != "mongodb+srv"]
"""Every backend once; the other scheme of MongoDB differs in how its servers are found."""

SQLITE_FILE = "store.sqlite"


def uri_of(scheme: str, folder: Path) -> str:
    """Where a test keeps its store."""
    if scheme == "mongodb":
        return database_uri()
    return {"memory": "memory:", "sqlite": f"sqlite:///{folder / SQLITE_FILE}"}[scheme]


def opened_store(backend: str, folder: Path) -> Store:
    """An empty store. The one in MongoDB has its indexes only where it is asked for as "indexed": to keep
    them up takes time, and what it finds must not depend on them.
    """
    if backend in ("mongodb", "indexed"):
        return emptied_store(indexes=backend == "indexed")
    return open_store(uri_of(backend, folder))


@cache
def unused_file() -> bytes:
    """A SQLite store that nothing was written to: to make its tables takes longer than to copy them."""
    with TemporaryDirectory() as folder:
        opened_store("sqlite", Path(folder)).close()
        return Path(folder, SQLITE_FILE).read_bytes()


@pytest.fixture(params=TESTED)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "sqlite":
        (tmp_path / SQLITE_FILE).write_bytes(unused_file())
    opened = opened_store(request.param, tmp_path)
    yield opened
    opened.close()
