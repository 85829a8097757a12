"""The consistency check reports every inconsistency, and nothing else."""

from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest

from fhir_server.store.mongo import MongoStore
from tests.mongo.databases import emptied_store
from tests.store.samples import person, put

OF_A = "Patient/a: "
OF_B = "Patient/b: it is deleted, and yet "
MISSING = OF_A + "a version is missing."
NOT_THE_LAST = OF_A + "the current version is not the last of its log."
NO_RESOURCE = OF_A + "the version belongs to no resource."


@pytest.fixture
def store() -> Iterator[MongoStore]:
    """Sequences 1, 2 and 6 are of Patient/a; 3 and 5 of Patient/b, which is deleted; 4 is of Patient/c."""
    times = count(1_000_000, 1_000)
    opened = emptied_store(clock=lambda: next(times))
    for id in "aabc":
        put(opened, person(id))
    opened.transact(lambda unit: unit.delete("Patient", "b"))
    put(opened, person("a"))
    opened.transact(lambda unit: unit.claim_unique("key", "Patient/a"))
    yield opened
    opened.close()


def test_nothing_is_found_in_a_store_that_is_sound(store: MongoStore) -> None:
    assert store.check() == []
    store.purge("Patient", "a")
    put(store, person("a"))
    put(store, person("a"))
    assert store.check() == []


@pytest.mark.parametrize(
    ("collection", "id", "change", "said"),
    [
        ("history", "Patient/b/1", {"s": 4, "u": 1_003_000}, ["Sequence 4: two versions have it."]),
        ("history", "Patient/b/1", {"u": 0}, ["Sequence 3: the clock runs backwards."]),
        ("clock", "clock", {"s": 5}, ["Sequence 6: the clock does not know it."]),
        ("clock", "clock", {"u": 0}, ["Sequence 6: the clock does not know it."]),
        ("history", "Patient/a/1", {"v": 2}, [MISSING, MISSING]),
        ("history", "Patient/a/2", {"v": 3}, [MISSING, NOT_THE_LAST]),
        ("history", "Patient/a/1", {"x": 0}, [MISSING]),
        ("resources", "Patient/a", {"v": 4}, [NOT_THE_LAST]),
        ("resources", "Patient/b", {"tk": ["code"]}, [OF_B + "is found by something."]),
        ("resources", "Patient/b", {"ct": [{"p": "subject"}]}, [OF_B + "is found by something."]),
        ("uniques", "key", {"o": "Patient/b"}, [OF_B + "holds 'key'."]),
        ("uniques", "key", {"o": "Patient/nobody"}, []),
    ],
)
def test_what_is_changed_is_found(
    store: MongoStore, collection: str, id: str, change: dict[str, Any], said: list[str]
) -> None:
    store._collections.database[collection].update_one({"_id": id}, {"$set": change})
    assert store.check() == said


@pytest.mark.parametrize(
    ("collection", "ids", "said"),
    [
        ("history", ["Patient/a/1"], [MISSING]),
        ("history", ["Patient/a/2"], [NOT_THE_LAST]),
        ("history", ["Patient/a/1", "Patient/a/2"], [MISSING]),
        ("resources", ["Patient/a"], [NO_RESOURCE, NO_RESOURCE]),
    ],
)
def test_what_is_gone_is_missed(store: MongoStore, collection: str, ids: list[str], said: list[str]) -> None:
    store._collections.database[collection].delete_many({"_id": {"$in": ids}})
    assert store.check() == said
