"""Runs the product with a sampler inside: `python -m benchmarks.sampled FILE serve ...`.

The signal SIGUSR1 starts and stops the sampling; each stop writes FILE. A sample gives each thread's stack
the processor time that the thread has used since the last one, so waiting costs nothing and work in C counts
for the Python function that called it.
"""

import json
import os
import runpy
import signal
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from types import FrameType

INTERVAL_SECONDS = 0.001
SWITCH = signal.SIGUSR1
# A wait for the interpreter's lock costs a thread some microseconds of its own; that is no work.
NEGLIGIBLE_SECONDS = 0.000_02

Stack = tuple[str, ...]


class Sampler:
    """Adds up seconds of processor time by stack, the thread's name first and the running function last."""

    def __init__(self, output: Path) -> None:
        self._output = output
        self._seconds: defaultdict[Stack, float] = defaultdict(float)
        self._thread = threading.Thread(target=self._work, name="sampler", daemon=True)

    def start(self) -> None:
        """Begin to listen for the signal. To be called before any other thread is made."""
        signal.pthread_sigmask(signal.SIG_BLOCK, {SWITCH})
        self._thread.start()

    def _work(self) -> None:
        while True:
            signal.sigwait({SWITCH})
            clocks: dict[int, float] = {}
            while signal.sigtimedwait({SWITCH}, INTERVAL_SECONDS) is None:
                self._sample(clocks)
            self._write()

    def _sample(self, clocks: dict[int, float]) -> None:
        frames = sys._current_frames()
        for thread in threading.enumerate():
            if thread is self._thread or thread.ident not in frames:
                continue
            used = time.clock_gettime(time.pthread_getcpuclockid(thread.ident))
            spent = used - clocks.get(thread.ident, used)
            clocks[thread.ident] = used
            if spent > NEGLIGIBLE_SECONDS:
                self._seconds[(thread.name, *_functions(frames[thread.ident]))] += spent

    def _write(self) -> None:
        """Put the file in place whole, for its reader waits for it."""
        partial = self._output.with_suffix(".partial")
        partial.write_text(json.dumps([[stack, spent] for stack, spent in self._seconds.items()]))
        os.replace(partial, self._output)


def _functions(frame: FrameType | None) -> list[str]:
    """The functions on a stack, outermost first."""
    names = []
    while frame is not None:
        code = frame.f_code
        names.append(f"{code.co_filename}:{code.co_firstlineno} {code.co_qualname}")
        frame = frame.f_back
    return names[::-1]


def main() -> None:
    output, *arguments = sys.argv[1:]
    sys.setswitchinterval(INTERVAL_SECONDS)
    Sampler(Path(output)).start()
    sys.argv = ["fhir-server", *arguments]
    runpy.run_module("fhir_server", run_name="__main__")


if __name__ == "__main__":
    main()
