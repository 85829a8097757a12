"""Runs the product and writes down what it is doing: `python -m benchmarks.sampled FILE serve ...`.

A timer that runs on the process's own processor time interrupts whichever thread is at work, and that
thread's stack goes to FILE at once, without waiting for the interpreter's lock: a sampler that waits for
the lock sees only the places that give it up. Work in C counts for the Python line that called it.
https://docs.python.org/3/library/faulthandler.html
"""

import faulthandler
import runpy
import signal
import sys

# The kernel's clock tick is the finest that such a timer can be.
INTERVAL_SECONDS = 0.004


def main() -> None:
    output, *arguments = sys.argv[1:]
    with open(output, "wb", buffering=0) as file:
        faulthandler.register(signal.SIGPROF, file, all_threads=False)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL_SECONDS, INTERVAL_SECONDS)
        sys.argv = ["fhir-server", *arguments]
        runpy.run_module("fhir_server", run_name="__main__")


if __name__ == "__main__":
    main()
