"""Profiles the product under the load of one row with py-spy.

py-spy samples the stacks of the threads from outside the process, so the product is profiled unmodified. https://github.com/benfred/py-spy
"""

import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.servers import Server

SAMPLES_PER_SECOND = 400
SHOWN = 30
LINE_NUMBER = re.compile(r":\d+\)$")
THREAD_NUMBER = re.compile(r"^thread \((\d+)\): ")
# A thread with a smaller share of the processor was waiting, even if py-spy counted it as active.
IDLE_SHARE = 0.01


class NoProfile(Exception):
    """Profiling failed; the message says why."""


# The name of the thread, then its functions from the outermost to the innermost.
Stack = tuple[str, ...]


def stacks(raw: str, idle: Collection[int] = ()) -> Counter[Stack]:
    """The counts of the stacks in py-spy's raw format, one stack with its count per line, without `idle`
    threads.
    """
    counts: Counter[Stack] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        thread = THREAD_NUMBER.match(stack)
        if thread is None or int(thread[1]) not in idle:
            counts[tuple(THREAD_NUMBER.sub("", stack).split(";"))] += int(count)
    return counts


def idle_threads(before: Mapping[int, float], after: Mapping[int, float]) -> set[int]:
    """The threads that hardly used the processor between two readings of their processor seconds."""
    used = {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
    total = sum(used.values())
    return {thread for thread, seconds in used.items() if seconds < IDLE_SHARE * total}


@dataclass(slots=True)
class Profile:
    """The counts of active stacks over all sampled rounds."""

    samples: Counter[Stack] = field(default_factory=Counter)

    @contextmanager
    def taking(self, server: Server) -> Iterator[None]:
        """Sample the server inside the block. Raises `NoProfile` where that is not possible."""
        with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
            output, before = Path(folder) / "stacks", server.thread_seconds()
            with _recording(server.process.pid, output):
                yield
            idle = idle_threads(before, server.thread_seconds())
            self.samples += stacks(output.read_text(), idle)

    def text(self, shown: int = SHOWN) -> str:
        """The shares of the time spent working or waiting for the disk, as text."""
        threads, lines, functions = Counter[str](), Counter[str](), Counter[str]()
        stems = self._stems()
        for stack, count in self.samples.items():
            threads[stack[0]] += count
            lines[stack[-1]] += count
            functions.update(dict.fromkeys(_functions(stack) - stems[stack[0]], count))
        parts = {
            f"by thread, of {self.samples.total()} samples": threads,
            "at one line, with what it calls in C": lines,
            "in a function, with all that it calls": functions,
        }
        return "\n".join(f"  {title}\n{self._shares(counts, shown)}" for title, counts in parts.items())

    def _stems(self) -> dict[str, set[str]]:
        """By thread, the functions in all of its samples, such as main, which are not informative."""
        stems: dict[str, set[str]] = {}
        for stack in self.samples:
            names = _functions(stack)
            stems[stack[0]] = stems.get(stack[0], names) & names
        return stems

    def _shares(self, counts: Counter[str], shown: int) -> str:
        total = max(self.samples.total(), 1)
        return "\n".join(f"    {count / total:6.1%}  {name}" for name, count in counts.most_common(shown))


def _functions(stack: Stack) -> set[str]:
    return {LINE_NUMBER.sub(")", frame) for frame in stack[1:]}


@contextmanager
def _recording(pid: int, output: Path) -> Iterator[None]:
    command = [_py_spy(), "record", "--pid", str(pid), "--output", str(output)]
    command += ["--format", "raw", "--threads", "--rate", str(SAMPLES_PER_SECOND)]
    spy = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield
    finally:
        spy.send_signal(signal.SIGINT)
        said, _ = spy.communicate()
    if not output.exists():
        raise NoProfile(f"py-spy could not read the server's stacks: {said.strip()}")


def _py_spy() -> str:
    found = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if found is None:
        raise NoProfile("py-spy is not installed; 'pip install py-spy' and run again to see the profile")
    return found
