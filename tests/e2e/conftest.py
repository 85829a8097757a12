"""Real servers in processes of their own, on free loopback ports, over stores that vanish with the test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest

ROOT = Path(__file__).parents[2]
READY_SECONDS = 20.0
STOP_SECONDS = 20.0


@dataclass
class RunningServer:
    """A server process. `base_url` is its FHIR base, `root_url` what lies above."""

    process: subprocess.Popen[bytes]
    output: Path
    base_url: str

    @property
    def root_url(self) -> str:
        return self.base_url.removesuffix("/fhir")

    def client(self, **options: object) -> httpx.Client:
        """An HTTP client whose paths are relative to the FHIR base."""
        return httpx.Client(base_url=self.base_url + "/", timeout=30, **options)  # type: ignore[arg-type]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal to the process and wait; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_SECONDS)

    def text(self) -> str:
        """All that it printed so far."""
        return self.output.read_text()


def command(*arguments: str) -> list[str]:
    """The command line of `fhir-server` in this checkout."""
    return [sys.executable, "-m", "fhir_server", *arguments]


def environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment with `settings` (names without FHIR_SERVER_) and no other setting."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("FHIR_SERVER_")}
    named = {f"FHIR_SERVER_{name.upper()}": value for name, value in settings.items()}
    return inherited | {"PYTHONPATH": str(ROOT)} | named


def start(folder: Path, options: Sequence[str] = (), **settings: str) -> RunningServer:
    """Start a server in `folder` and wait until it is ready."""
    output = folder / f"server-{time.monotonic_ns()}.log"
    with output.open("wb") as log:
        process = subprocess.Popen(
            command("serve", "--port", "0", *options),
            cwd=folder,
            env=environment(settings),
            stdout=log,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )
    server = RunningServer(process, output, "")
    try:
        server.base_url = _announced(server)
        _await_ready(server)
    except BaseException:
        process.kill()
        process.wait()
        raise
    return server


def _announced(server: RunningServer) -> str:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        for line in server.text().splitlines():
            if line.startswith("FHIR base"):
                return line.split()[-1]
        time.sleep(0.02)
    raise AssertionError(f"the server did not start:\n{server.text()}")


def _await_ready(server: RunningServer) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and server.process.poll() is None:
        try:
            if httpx.get(f"{server.root_url}/health/ready", timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.02)
    raise AssertionError(f"the server did not become ready:\n{server.text()}")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """One server with default settings for all tests that can share it."""
    running = start(tmp_path_factory.mktemp("server"))
    yield running
    running.stop()


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    """A client of the shared server."""
    with server.client() as client:
        yield client


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[Callable[..., RunningServer]]:
    """Starts servers of this test's own: `start_server("--workers", "2", body_max_bytes="5000")`. They share
    a folder, and so a store, and are stopped at the end."""
    running: list[RunningServer] = []

    def start_here(*options: str, **settings: str) -> RunningServer:
        running.append(start(tmp_path, options, **settings))
        return running[-1]

    yield start_here
    for one in running:
        one.stop()


@pytest.fixture
def start_bare(start_server: Callable[..., RunningServer]) -> Callable[..., RunningServer]:
    """Starts servers without a programme, whose guide takes a new store most of the time of a start."""
    return partial(start_server, programmes="")


@pytest.fixture
def run_command(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command to its end in this test's folder: `run_command("load", "x.json", store="...")`."""

    def run(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command(*arguments),
            cwd=tmp_path,
            env=environment(settings),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run
