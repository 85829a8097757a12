"""The resources that `_include` and `_revinclude` add to the matches of a search, as a pipeline.

https://hl7.org/fhir/R4/search.html#include
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.search.ast import EVERY, Include
from fhir_server.store.mongo.compiler import living
from fhir_server.store.mongo.filters import Filter, all_of, any_of, one_element
from fhir_server.store.mongo.rows import REFERENCES
from fhir_server.store.mongo.versions import OWN
from fhir_server.store.port import StoredResource

Stage = dict[str, Any]


def included_stages(resources: Sequence[StoredResource], include: Include, limit: int) -> list[Stage]:
    """The living resources that the given ones refer to, or that refer to them, oldest first."""
    given = [resource.reference for resource in resources]
    found = _referring(resources, include) if include.reverse else _referred(resources, include)
    return [
        *found,
        {"$match": {"_id": {"$nin": given}}},
        {"$sort": {"f": 1}},
        {"$limit": limit},
        {"$project": dict.fromkeys(OWN, 1)},
    ]


def _referred(resources: Sequence[StoredResource], include: Include) -> list[Stage]:
    sources = [
        resource.reference for resource in resources if resource.type in (include.sources or (resource.type,))
    ]
    target: Filter = {"$gt": ""} if include.target is None else {"$eq": include.target}
    leads: dict[str, Any] = {f"{REFERENCES}.t": target}
    if include.parameter != EVERY:
        leads[f"{REFERENCES}.p"] = include.parameter
    key = {"$concat": [f"${REFERENCES}.t", "/", f"${REFERENCES}.i"]}
    return [
        {"$match": all_of([{"_id": {"$in": sources}}, living(include.sources)])},
        {"$project": {REFERENCES: 1}},
        {"$unwind": f"${REFERENCES}"},
        {"$match": leads},
        {"$group": {"_id": key}},
        {"$lookup": {"from": "resources", "localField": "_id", "foreignField": "_id", "as": "r"}},
        {"$unwind": "$r"},
        {"$replaceRoot": {"newRoot": "$r"}},
        {"$match": {"l": True}},
    ]


def _referring(resources: Sequence[StoredResource], include: Include) -> list[Stage]:
    ids: dict[str, list[str]] = {}
    for resource in resources:
        if include.target in (None, resource.type):
            ids.setdefault(resource.type, []).append(resource.id)
    by: Filter = {"p": {"$gt": ""} if include.parameter == EVERY else include.parameter}
    into = any_of(
        one_element(REFERENCES, {**by, "t": type, "i": {"$in": some}}) for type, some in ids.items()
    )
    return [{"$match": all_of([living(include.sources), into])}]
