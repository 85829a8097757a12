"""A thread beside the requests that does the jobs that wait, in whichever process takes them first."""

import logging
import time
from functools import partial

from fhir_server.interactions.engines import Engines
from fhir_server.jobs import reindex
from fhir_server.jobs.background import Background
from fhir_server.jobs.reindex import LeaseLost, Reindexing

POLL_SECONDS = 0.5
PAUSE_SECONDS = 10.0

_log = logging.getLogger(__name__)


class Runner(Background):
    """Looks for jobs from `start` to `stop`, which ends it after the batch at hand; another process, or the
    next start, goes on from there. `owner` names this process.
    """

    def __init__(self, engines: Engines, owner: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__("jobs")
        self._engines = engines
        self._store = engines.latest().store
        self._poll_seconds = poll_seconds
        # To give way after each resource lets a request in that would else wait for the whole batch.
        self._reindexing = Reindexing(engines, owner, after_each=partial(time.sleep, 0))

    def _work(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            try:
                self._look()
            except LeaseLost:
                continue
            except Exception as error:
                # No more than the kind of error: its text could hold what a resource says.
                _log.error("a job failed: %s", type(error).__name__)
                self._stopping.wait(PAUSE_SECONDS)

    def _look(self) -> None:
        for job in reindex.jobs(self._store):
            if job.done or self._engines.current().indexed_otherwise:
                continue
            for _ in self._reindexing.steps(job.id):
                if self._stopping.is_set():
                    return
