"""A thread that, after the start, does what programmes have to prepare before anybody asks for it."""

import logging
import time
from collections.abc import Iterable

from fhir_server.extension import Preparation
from fhir_server.interactions.engines import Engines
from fhir_server.jobs.background import Background

DELAY_SECONDS = 0.5
"""The first requests after a start come first."""

_log = logging.getLogger(__name__)


class Preparer(Background):
    """Takes step after step from `start` until nothing is left to prepare, or to `stop`."""

    def __init__(
        self, engines: Engines, preparations: Iterable[Preparation], delay_seconds: float = DELAY_SECONDS
    ) -> None:
        super().__init__("preparations")
        self._engines = engines
        self._preparations = tuple(preparations)
        self._delay_seconds = delay_seconds

    def _work(self) -> None:
        if self._stopping.wait(self._delay_seconds):
            return
        for prepare in self._preparations:
            try:
                self._prepare(prepare)
            except Exception as error:
                # No more than the kind of error: its text could hold what a resource says.
                _log.error("a preparation failed: %s", type(error).__name__)

    def _prepare(self, prepare: Preparation) -> None:
        begun = time.perf_counter()
        while not self._stopping.is_set() and prepare(self._engines.latest()):
            # As much time is left to those who ask as each step has taken.
            self._stopping.wait(time.perf_counter() - begun)
            begun = time.perf_counter()
