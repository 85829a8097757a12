"""Random histories, replayed in MongoDB and compared with the reference in memory."""

from collections.abc import Callable
from pathlib import Path

from hypothesis import settings

from fhir_server.store.port import Store
from tests.mongo.databases import emptied_store
from tests.store.test_histories import Histories


class MongoHistories(Histories):
    def others(self, folder: Path, clock: Callable[[], int]) -> list[Store]:  # noqa: ARG002
        return [emptied_store(clock=clock)]


TestMongoHistories = MongoHistories.TestCase
TestMongoHistories.settings = settings(max_examples=8, stateful_step_count=30)
