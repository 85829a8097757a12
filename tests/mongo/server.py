"""A MongoDB-compatible server of the tests' own: installed where it is missing, started on a free port.

`FHIR_SERVER_TEST_MONGO_URI` names a real replica set to be used instead.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import venv
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import pytest

from fhir_server.store.port import Store

ROOT = Path(__file__).parents[2]
ENVIRONMENT = ROOT / ".mongo-venv"
REQUIREMENTS = Path(__file__).with_name("requirements.txt")
VARIABLE = "FHIR_SERVER_TEST_MONGO_URI"
START_SECONDS = 30.0
STOP_SECONDS = 20.0

_ports: set[int] = set()


@dataclass
class MongoServer:
    """A server process on loopback; `port` stays the same when it is started again on its data."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        return f"mongodb://127.0.0.1:{self.port}/?replicaSet=secantus"

    def start(self, *options: str) -> None:
        """Start it and wait until it listens."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    str(_binary("secantusd-py")),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                    *("--storage-path", str(self.folder / "data"), "--sync-on-commit"),
                    *("--log-level", "ERROR", *options),
                ],
                cwd=self.folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._listens():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"the test database did not start:\n{(self.folder / 'log').read_text()}")
            time.sleep(0.02)

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, number: int = signal.SIGTERM) -> None:
        """Send the process a signal and wait until it is gone."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(number)
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def install() -> None:
    """Make `.mongo-venv` what the requirements say. Raises `RuntimeError` where that is not possible."""
    stamp = ENVIRONMENT / ".requirements"
    wanted = REQUIREMENTS.read_text()
    if stamp.exists() and stamp.read_text() == wanted:
        return
    print(f"Installing the tests' database into {ENVIRONMENT.name} ...", file=sys.stderr)
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    pip = [str(_binary("python")), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    done = subprocess.run(
        [*pip, "--requirement", str(REQUIREMENTS)], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"the tests' database cannot be installed:\n{done.stdout}{done.stderr}")
    stamp.write_text(wanted)


def _binary(name: str) -> Path:
    return ENVIRONMENT / "bin" / name


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def new_server() -> MongoServer:
    """A server of the caller's own, not yet started, in a folder that vanishes with the process."""
    install()
    folder = Path(tempfile.mkdtemp(prefix="mongo-"))
    server = MongoServer(folder, free_port())
    _ports.add(server.port)

    def end() -> None:
        server.stop(signal.SIGKILL)
        shutil.rmtree(folder, ignore_errors=True)

    atexit.register(end)
    return server


def is_database(address: object) -> bool:
    """Whether a socket's address is that of a test database, which every test may reach."""
    return VARIABLE in os.environ or (isinstance(address, tuple) and address[1] in _ports)


def skip_without_snapshots(store: Store) -> None:
    """Skip a test of a MongoDB that reads as things are, whatever moment a snapshot session asks for."""
    if store.capabilities.name == "mongodb" and VARIABLE not in os.environ:
        pytest.skip("the tests' own database keeps no snapshot outside of transactions")


@cache
def shared_uri() -> str:
    """The URI, without a database, of the server that all tests share, started when first asked for."""
    given = os.environ.get(VARIABLE)
    if given:
        return given
    server = new_server()
    server.start()
    return server.uri


def database_uri(server: str | None = None) -> str:
    """The URI of a database that nobody has used."""
    parts = urlsplit(server or shared_uri())
    name = f"fhir-test-{uuid4().hex[:12]}"
    return urlunsplit(parts._replace(path=f"/{name}"))
