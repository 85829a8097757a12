"""A fresh store of every backend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.store.backends import BACKENDS, open_store
from fhir_server.store.port import Store
from tests.mongo.databases import emptied_store
from tests.mongo.server import database_uri

TESTED = [scheme for scheme in BACKENDS if scheme != "mongodb+srv"]
"""Every backend once; the other scheme of MongoDB differs in how its servers are found."""


def uri_of(scheme: str, folder: Path) -> str:
    """Where a test keeps its store."""
    if scheme == "mongodb":
        return database_uri()
    return {"memory": "memory:", "sqlite": f"sqlite:///{folder / 'store.sqlite'}"}[scheme]


def opened_store(backend: str, folder: Path) -> Store:
    """An empty store. The one in MongoDB has its indexes only where it is asked for as "indexed": to keep
    them up takes time, and what it finds must not depend on them.
    """
    if backend in ("mongodb", "indexed"):
        return emptied_store(indexes=backend == "indexed")
    return open_store(uri_of(backend, folder))


@pytest.fixture(params=TESTED)
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = opened_store(request.param, tmp_path)
    yield opened
    opened.close()
