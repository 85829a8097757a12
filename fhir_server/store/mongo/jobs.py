"""Jobs, each held by one process at a time with a lease."""

from collections.abc import Mapping
from typing import Any

from pymongo import ReturnDocument
from pymongo.client_session import ClientSession
from pymongo.collection import Collection
from pymongo.errors import DuplicateKeyError

from fhir_server.store.port import LEASE_MICROSECONDS_MAX, Job


def job(document: Mapping[str, Any]) -> Job:
    """The job in a document."""
    return Job(document["_id"], document["kind"], bytes(document["state"]), document["done"])


def acquire_job(jobs: Collection[Any], kind: str, id: str, owner: str, now: int, until: int) -> Job | None:
    """Take or renew a lease; None while another owner holds it, or once the job is done."""
    over = [{"until": {"$lte": now}}, {"until": {"$gt": now + LEASE_MICROSECONDS_MAX}}]
    free = {"_id": id, "done": False, "$or": [{"owner": owner}, *over]}
    change = {"$set": {"owner": owner, "until": until}, "$setOnInsert": {"kind": kind, "state": b""}}
    try:
        found: Any = jobs.find_one_and_update(free, change, upsert=True, return_document=ReturnDocument.AFTER)
    except DuplicateKeyError:
        # The job exists but is not free: the filter did not find it, and the upsert could not insert it.
        return None
    return job(found)


def update_job(
    jobs: Collection[Any], id: str, owner: str, state: bytes, done: bool, session: ClientSession | None
) -> bool:
    """Save progress; False when another owner has taken the lease."""
    change = {"$set": {"state": state, "done": done}}
    return jobs.update_one({"_id": id, "owner": owner}, change, session=session).matched_count == 1
