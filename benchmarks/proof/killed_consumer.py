"""Runs a consumer process, and kills and restarts it at random moments."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import Self

from benchmarks.servers import ROOT

LIVES_SECONDS = (1.0, 8.0)
"""The range of a consumer's lifetime; it takes about half a second to start."""
DRAIN_SECONDS = 600.0


class KilledConsumer:
    """A consumer of the feed of `base` inside the context, with a persistent ledger; `kills` counts the
    kills.
    """

    def __init__(self, base: str, ledger: Path, random: Random) -> None:
        self.kills = 0
        self._base = base
        self._ledger = ledger
        self._random = random
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def drain(self) -> None:
        """Let a consumer run until nothing is new. Raises `CalledProcessError` or `TimeoutExpired`."""
        process = self._process("--drain")
        try:
            status = process.wait(DRAIN_SECONDS)
        finally:
            process.kill()
        if status:
            raise subprocess.CalledProcessError(status, process.args)

    def _run(self) -> None:
        while not self._ended.is_set():
            process = self._process()
            self._ended.wait(self._random.uniform(*LIVES_SECONDS))
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills += 1

    def _process(self, *options: str) -> subprocess.Popen[bytes]:
        seed = str(self._random.random())
        command = ["-m", "benchmarks.proof.consumer", self._base, str(self._ledger), seed, *options]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        return subprocess.Popen([sys.executable, *command], cwd=ROOT, env=environment)
