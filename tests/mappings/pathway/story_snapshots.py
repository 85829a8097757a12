"""Stories with which many tests begin: in MongoDB, where requests are expensive, run once and
then restored.
"""

from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache

from fhir_server.store.mongo import MongoStore
from tests.interactions.client import Client
from tests.mongo.databases import Contents, contents, fill


@dataclass
class PathwayClient(Client):
    """A client of the programme under a policy."""

    policy: str = ""


@cache
def _outcomes() -> dict[Hashable, Contents]:
    return {}


@contextmanager
def restored_story(client: Client, *story: Hashable) -> Iterator[bool]:
    """Whether the store, which was empty, now holds what the story led to when the block told it first."""
    store = client.engine.store
    if not isinstance(store, MongoStore) or not isinstance(client, PathwayClient) or store.watermark():
        yield False
        return
    key = (client.policy, story)
    if key in _outcomes():
        fill(_outcomes()[key])
        yield True
        return
    yield False
    _outcomes()[key] = contents()
