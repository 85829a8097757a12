"""A background thread that runs the programmes' preparations after the start, before requests need them."""

import logging
import time
from collections.abc import Iterable

from fhir_server.extension import Preparation
from fhir_server.interactions.engines import Engines
from fhir_server.jobs.background import BackgroundThread

DELAY_SECONDS = 0.5
"""Leaves the first requests after the start undisturbed."""

_log = logging.getLogger(__name__)


class Preparer(BackgroundThread):
    """Runs the steps of all preparations, one after the other, until none is left, or until `stop`."""

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
                # Only the class of the error, because its message could contain data of a resource.
                _log.error("a preparation failed: %s", type(error).__name__)

    def _prepare(self, prepare: Preparation) -> None:
        begun = time.perf_counter()
        while not self._stopping.is_set() and prepare(self._engines.latest()):
            # Pause for as long as the step took, so that half of the time is left to requests.
            self._stopping.wait(time.perf_counter() - begun)
            begun = time.perf_counter()
