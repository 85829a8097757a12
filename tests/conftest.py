"""Settings for the whole suite: deterministic hypothesis, files in memory, and no sockets outside end-to-end
tests.
"""

import gc
import os
import shutil
import socket
import sys
import tempfile
from pathlib import Path
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

MEMORY = Path("/dev/shm")
MEMORY_MIN_BYTES = 4 * 2**30

COLLECT_AFTER = 20_000
"""How many new objects make the collector look for garbage; more often takes a tenth of the time."""


def _keep_files_in_memory() -> None:
    """On a disk each commit of each store waits. What a test ends is a process and never the machine, so that
    nothing which it wrote is lost in memory that it would find on a disk.
    """
    if "TMPDIR" in os.environ or not os.access(MEMORY, os.W_OK):
        return
    if shutil.disk_usage(MEMORY).free >= MEMORY_MIN_BYTES:
        os.environ["TMPDIR"] = tempfile.tempdir = str(MEMORY)


def _keep_bytecode() -> None:
    """Without it every server that a test starts compiles itself anew, which takes longer than all else."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    sys.dont_write_bytecode = False


_keep_files_in_memory()
_keep_bytecode()
gc.disable()


def pytest_collection_finish() -> None:
    """What was collected stays to the end: the collector need not look through it, then or later."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(COLLECT_AFTER)
    gc.enable()


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
