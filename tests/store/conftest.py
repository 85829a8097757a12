"""A fresh store of every backend."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from fhir_server.store.backends import BACKENDS, open_store
from fhir_server.store.port import Store


def uri_of(scheme: str, folder: Path) -> str:
    """Where a test keeps its store."""
    return {"memory": "memory:", "sqlite": f"sqlite:///{folder / 'store.sqlite'}"}[scheme]


@pytest.fixture(params=list(BACKENDS))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    opened = open_store(uri_of(request.param, tmp_path))
    yield opened
    opened.close()
