"""The servers under load, as processes on loopback: the installed product, and the floor."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from benchmarks import machine, wire

ROOT = Path(__file__).parent.parent
START_TIMEOUT_SECONDS = 60.0
POLL_SECONDS = 0.002
REMOVED_VARIABLES = ("FHIR_SERVER_", "PYTHONDONTWRITEBYTECODE")
"""Environment variables that would change the server under test, removed for it."""


class ServerFailed(Exception):
    """A server did not start or stop, or gave an unexpected response."""


@dataclass(frozen=True, slots=True)
class Server:
    """A listening server process; `ready_seconds` is the time from its start to its first response."""

    process: subprocess.Popen[bytes]
    port: int
    ready_seconds: float
    log: Path

    def ask(self, request: bytes) -> wire.Response:
        """Send one request. Raises `ServerFailed` for an unsuccessful response."""
        answer = _ask(self.port, request)
        if answer.status >= 300:
            raise ServerFailed(f"{answer.status}: {answer.body[:1000].decode(errors='replace')}")
        return answer

    def processor_seconds(self) -> float:
        """The user and kernel processor time of the process so far."""
        return _processor_seconds(Path(f"/proc/{self.process.pid}"))

    def family_seconds(self) -> float:
        """The processor time of the process and its descendants, such as workers."""
        return sum(_processor_seconds(Path(f"/proc/{pid}")) for pid in _family(self.process.pid))

    def thread_seconds(self) -> dict[int, float]:
        """The processor time of each thread."""
        threads = Path(f"/proc/{self.process.pid}/task").iterdir()
        return {int(thread.name): _processor_seconds(thread) for thread in threads}

    def resident_bytes(self) -> int:
        """The resident memory of the process and its descendants."""
        return sum(_resident_bytes(pid) for pid in _family(self.process.pid))


@contextmanager
def product(
    core: int | None, folder: Path, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Server]:
    """The product with its store in `folder` and these settings (names without FHIR_SERVER_).

    Other settings have their defaults. It runs on one core, or on all for None.
    """
    port = _free_port()
    store = f"sqlite:///{folder / 'fhir.sqlite'}"
    command = ["-m", "fhir_server", "serve", "--port", str(port), "--store", store]
    named = {f"FHIR_SERVER_{name}": value for name, value in settings.items()}
    with _running(command, port, "/fhir/metadata", core, folder / "product.log", named) as server:
        yield server


@contextmanager
def floor(core: int, folder: Path, status: int, body: bytes) -> Iterator[Server]:
    """The floor, which answers every request with `status` and `body`."""
    port = _free_port()
    file = folder / "answer"
    file.write_bytes(body)
    command = ["-m", "benchmarks.floor", str(port), str(status), str(file)]
    with _running(command, port, "/", core, folder / "floor.log") as server:
        yield server


@contextmanager
def _running(
    command: Sequence[str],
    port: int,
    path: str,
    core: int | None,
    log: Path,
    settings: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Server]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(REMOVED_VARIABLES)}
    environment = inherited | dict(settings)
    pinned = nullcontext() if core is None else machine.pinned(core)
    with log.open("wb") as output, pinned:
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *command], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
    try:
        _await_first_answer(process, port, path, log)
        yield Server(process, port, time.perf_counter() - started, log)
    finally:
        _stop(process)


def _await_first_answer(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    deadline = time.perf_counter() + START_TIMEOUT_SECONDS
    refusal = "no answer"
    while time.perf_counter() < deadline and process.poll() is None:
        try:
            answer = _ask(port, wire.request("GET", path))
        except OSError:
            time.sleep(POLL_SECONDS)
            continue
        if answer.status < 300:
            return
        refusal = f"status {answer.status}"
        break
    raise ServerFailed(f"{refusal} on {path}; the server wrote:\n{log.read_text(errors='replace')[-2000:]}")


def _ask(port: int, request: bytes) -> wire.Response:
    with socket.create_connection(("127.0.0.1", port), START_TIMEOUT_SECONDS) as connection:
        connection.sendall(request)
        received = b""
        while (answer := wire.response(received)) is None:
            came = connection.recv(262_144)
            if not came:
                raise ServerFailed(f"connection closed after {received[:300]!r}")
            received += came
    return answer


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(START_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _family(pid: int) -> list[int]:
    """A process and all its descendants, from /proc."""
    parents = {int(entry.name): _parent(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit()}
    family = [pid]
    for member in family:
        family += [child for child, parent in parents.items() if parent == member]
    return family


def _processor_seconds(entry: Path) -> float:
    fields = _stat(entry)
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _parent(entry: Path) -> int:
    try:
        return int(_stat(entry)[1])
    except OSError:
        return 0


def _stat(entry: Path) -> list[str]:
    """The fields of /proc/PID/stat after the name of the process, which may contain any characters."""
    return (entry / "stat").read_text().rpartition(")")[2].split()


def _resident_bytes(pid: int) -> int:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")
