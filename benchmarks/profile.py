"""Where the product's processor time goes under one row's load."""

import json
import signal
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.servers import ROOT, Server, ServerFailed

SHOWN = 25
WRITTEN_WITHIN_SECONDS = 15.0


Shares = dict[str, float]


@dataclass(slots=True)
class Profile:
    """Seconds of processor time by stack, summed over the rounds in which it was taken."""

    stacks: list[tuple[tuple[str, ...], float]] = field(default_factory=list)
    _file: Path = Path()

    def runner(self, folder: Path) -> Sequence[str]:
        """What Python must be given to run the product with the sampler."""
        self._file = folder / "samples.json"
        return ("-m", "benchmarks.sampled", str(self._file))

    @contextmanager
    def taking(self, server: Server) -> Iterator[None]:
        """Sample `server` for as long as this lasts."""
        server.process.send_signal(signal.SIGUSR1)
        yield
        self._file.unlink(missing_ok=True)
        server.process.send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + WRITTEN_WITHIN_SECONDS
        while not self._file.exists():
            if time.monotonic() > deadline:
                raise ServerFailed("the sampler wrote nothing")
            time.sleep(0.01)
        self.stacks = [(tuple(stack), spent) for stack, spent in json.loads(self._file.read_text())]

    def text(self, shown: int = SHOWN) -> str:
        """Shares of the processor time: by thread, by function alone, by function with all that it calls."""
        threads, alone, together = _shares(self.stacks)
        parts = [
            ("by thread", threads),
            ("in the function itself", alone),
            ("in the function and what it calls", together),
        ]
        return "\n".join(f"  {title}\n{_lines(shares, shown)}" for title, shares in parts)


def _shares(stacks: Sequence[tuple[tuple[str, ...], float]]) -> tuple[Shares, Shares, Shares]:
    threads: Shares = defaultdict(float)
    alone: Shares = defaultdict(float)
    together: Shares = defaultdict(float)
    total = sum(spent for _, spent in stacks) or 1.0
    for (thread, *functions), spent in stacks:
        share = spent / total
        threads[thread] += share
        alone[functions[-1]] += share
        for function in set(functions):
            together[function] += share
    return threads, alone, together


def _lines(shares: Shares, shown: int) -> str:
    greatest = sorted(shares.items(), key=lambda item: -item[1])[:shown]
    return "\n".join(f"    {share:6.1%}  {_short(name)}" for name, share in greatest)


def _short(name: str) -> str:
    """A function's place without the folders that lead to the project or to the packages."""
    return name.removeprefix(f"{ROOT}/").rpartition("/site-packages/")[2]
