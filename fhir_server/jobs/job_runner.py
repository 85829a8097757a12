"""A background thread that runs waiting jobs; of several processes, the first one takes a job."""

import logging
import time
from functools import partial

from fhir_server.interactions.engines import Engines
from fhir_server.jobs import reindex
from fhir_server.jobs.background import BackgroundThread
from fhir_server.jobs.reindex import LeaseLost, ReindexWorker

POLL_SECONDS = 0.5
PAUSE_SECONDS = 10.0

_log = logging.getLogger(__name__)


class JobRunner(BackgroundThread):
    """Polls for jobs and runs them. `stop` ends a job after the current batch; another process, or the next
    start, resumes it. `owner` identifies this process.
    """

    def __init__(self, engines: Engines, owner: str, poll_seconds: float = POLL_SECONDS) -> None:
        super().__init__("jobs")
        self._engines = engines
        self._store = engines.latest().store
        self._poll_seconds = poll_seconds
        # Yielding after each resource lets in requests that would otherwise wait for the whole batch.
        self._reindexing = ReindexWorker(engines, owner, after_each=partial(time.sleep, 0))

    def _work(self) -> None:
        while not self._stopping.wait(self._poll_seconds):
            try:
                self._run_waiting_jobs()
            except LeaseLost:
                continue
            except Exception as error:
                # Only the class of the error, because its message could contain data of a resource.
                _log.error("a job failed: %s", type(error).__name__)
                self._stopping.wait(PAUSE_SECONDS)

    def _run_waiting_jobs(self) -> None:
        for job in reindex.jobs(self._store):
            if job.done or self._engines.current().indexed_otherwise:
                continue
            for _ in self._reindexing.steps(job.id):
                if self._stopping.is_set():
                    return
