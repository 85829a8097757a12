"""Checks the whole store for inconsistencies that should never occur."""

import heapq
from collections.abc import Iterator
from typing import Any

from fhir_server.store.mongo.collections import SessionView
from fhir_server.store.mongo.rows import ARRAYS

_FIELDS = {"t": 1, "i": 1, "v": 1, "s": 1, "f": 1, "u": 1, "m": 1, "x": 1, "l": 1}


def inconsistencies(view: SessionView) -> Iterator[str]:
    """One sentence for each inconsistency between the clock, the versions and their index entries."""
    yield from _log_inconsistencies(view)
    yield from _version_inconsistencies(view)
    yield from _deletion_inconsistencies(view)


def _log_inconsistencies(view: SessionView) -> Iterator[str]:
    """Check all versions in the order of the clock."""
    order, collections = [("s", 1)], view.collections
    logs = (
        collection.find({}, _FIELDS, sort=order, session=view.session)
        for collection in (collections.resources, collections.history)
    )
    sequence = updated = 0
    for version in heapq.merge(*logs, key=lambda document: int(document["s"])):
        if version["s"] <= sequence:
            yield f"Sequence {version['s']}: two versions have it."
        if version["u"] < updated:
            yield f"Sequence {version['s']}: the clock runs backwards."
        sequence, updated = version["s"], version["u"]
    clock = view.clock()
    if clock["s"] < sequence or clock["u"] < updated:
        yield f"Sequence {sequence}: the clock does not know it."


def _version_inconsistencies(view: SessionView) -> Iterator[str]:
    """Check the versions of each resource: none is missing, each has its time."""
    newest: dict[str, Any] = {}
    order, collections = [("r", 1), ("s", 1)], view.collections
    fields = {**_FIELDS, "r": 1}
    replaced = collections.history.find({}, fields, sort=order, session=view.session)
    for version in replaced:
        key = version["r"]
        before = newest.get(key)
        if before is None:
            newest.clear()
            if version["v"] > 1 and version["m"] != "DELETE":
                yield f"{key}: a version is missing."
        elif version["v"] != before["v"] + 1 or version["u"] != before["x"]:
            yield f"{key}: a version is missing."
        newest[key] = version
        current = collections.resources.find_one({"_id": key}, _FIELDS, session=view.session)
        if current is None:
            yield f"{key}: the version belongs to no resource."
    last = {document["_id"]: document["v"] for document in _last_replaced(view)}
    for current in collections.resources.find({}, _FIELDS, session=view.session):
        key = current["_id"]
        if current["v"] != last.get(key, current["v"] - 1) + 1:
            yield f"{key}: the current version is not the last of its log."
        elif current["v"] > 1 and key not in last and current["m"] != "DELETE":
            yield f"{key}: a version is missing."


def _last_replaced(view: SessionView) -> list[Any]:
    stages = [{"$group": {"_id": "$r", "v": {"$max": "$v"}}}]
    return list(view.collections.history.aggregate(stages, session=view.session))


def _deletion_inconsistencies(view: SessionView) -> Iterator[str]:
    """Check that deleted resources have no index entries and no unique keys."""
    found = {"l": False, "$or": [{field: {"$exists": True}} for field in ARRAYS]}
    for key in view.ids(found, 0):
        yield f"{key}: it is deleted, and yet is found by something."
    for unique in view.collections.uniques.find({}, session=view.session):
        owner = view.collections.resources.find_one({"_id": unique["o"]}, {"l": 1}, session=view.session)
        if owner is not None and not owner["l"]:
            yield f"{unique['o']}: it is deleted, and yet holds '{unique['_id']}'."
