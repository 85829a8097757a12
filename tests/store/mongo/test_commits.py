"""Commits of which the connection broke before anybody knew whether they were done."""

from collections.abc import Iterator
from typing import Any

import pytest
from pymongo.client_session import ClientSession
from pymongo.errors import AutoReconnect

from fhir_server.errors import StoreUnavailable
from fhir_server.store.mongo import MongoStore
from tests.mongo.databases import emptied_store
from tests.store.samples import person, put

FINISH = "_finish_transaction_with_retry"
"""What the driver sends a commit with, and sends it again once."""


@pytest.fixture
def store() -> Iterator[MongoStore]:
    opened = emptied_store()
    put(opened, person("first"))
    yield opened
    opened.close()


def break_commits(monkeypatch: pytest.MonkeyPatch, times: int) -> None:
    """So many commits, the next ones, do not reach the database."""
    left, finish = times, getattr(ClientSession, FINISH)

    def broken(session: ClientSession, command: str) -> Any:
        nonlocal left
        if command == "commitTransaction" and left:
            left -= 1
            raise AutoReconnect("connection closed")
        return finish(session, command)

    monkeypatch.setattr(ClientSession, FINISH, broken)


def put_two_in_a_group(store: MongoStore) -> None:
    with store.group():
        put(store, person("a"))
        put(store, person("b"))


def test_a_group_is_committed_again_until_it_is_known_to_be(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    break_commits(monkeypatch, 2)
    put_two_in_a_group(store)
    assert [version.id for version in store.changes(0, 10)] == ["first", "a", "b"]
    assert store.check() == []


def test_a_group_of_which_nobody_knows_is_not_acknowledged(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store._writer.timeout_seconds = 0.05
    break_commits(monkeypatch, 1_000)
    with pytest.raises(StoreUnavailable, match="Nothing was acknowledged"):
        put_two_in_a_group(store)
    monkeypatch.undo()
    store._writer.timeout_seconds = 20
    assert put(store, person("c")).version == 1
    assert store.check() == []
