"""Where the product's time goes under one row's load, as py-spy sees it from outside.

py-spy reads the stacks of the running threads without a part in the process, so that what is profiled is the
product as it is. https://github.com/benfred/py-spy
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
# A thread that uses less of the processor than this was waiting, whatever py-spy took it for.
IDLE_SHARE = 0.01


class NoProfile(Exception):
    """A profile that could not be taken; the message says why."""


# The thread's name first, then its functions from the outermost to the one that runs.
Stack = tuple[str, ...]


def stacks(raw: str, idle: Collection[int] = ()) -> Counter[Stack]:
    """The stacks of py-spy's raw format, one to a line with its count, and how often each was seen, but for
    those of `idle` threads."""
    counts: Counter[Stack] = Counter()
    for line in raw.splitlines():
        stack, _, count = line.rpartition(" ")
        thread = THREAD_NUMBER.match(stack)
        if thread is None or int(thread[1]) not in idle:
            counts[tuple(THREAD_NUMBER.sub("", stack).split(";"))] += int(count)
    return counts


def idle_threads(before: Mapping[int, float], after: Mapping[int, float]) -> set[int]:
    """The threads that hardly used the processor in between, by the seconds each had used."""
    used = {thread: seconds - before.get(thread, 0.0) for thread, seconds in after.items()}
    total = sum(used.values())
    return {thread for thread, seconds in used.items() if seconds < IDLE_SHARE * total}


@dataclass(slots=True)
class Profile:
    """How often each stack was seen at work, over all the rounds in which samples were taken."""

    samples: Counter[Stack] = field(default_factory=Counter)

    @contextmanager
    def taking(self, server: Server) -> Iterator[None]:
        """Sample the server for as long as this lasts. Raises `NoProfile` where that cannot be done."""
        with tempfile.TemporaryDirectory(prefix="fhir-bench-") as folder:
            output, before = Path(folder) / "stacks", server.thread_seconds()
            with _recording(server.process.pid, output):
                yield
            idle = idle_threads(before, server.thread_seconds())
            self.samples += stacks(output.read_text(), idle)

    def text(self, shown: int = SHOWN) -> str:
        """Shares of the time spent at work or at waiting for the disk."""
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
        """By thread, the functions that are in all of its samples, such as main: they tell nothing."""
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
