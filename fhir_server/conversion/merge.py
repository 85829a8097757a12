"""Merges the resource made from a record into the stored resource.

The record owns the members that its table names. What others have written stays: other members, tags,
identifiers of other systems, extensions with other URLs.
"""

from collections.abc import Mapping
from typing import Any

from fhir_server.conversion.table import OwnedElements, Part, Resource

OWNER_MEMBER = {"identifier": "system", "extension": "url"}
"""Lists with several owners, and the member that tells the owner of an item."""


def merged(stored: Resource, fresh: Resource, part: Part, owned: OwnedElements) -> Resource:
    """The stored resource updated with the record's present content."""
    kept = {name: value for name, value in stored.items() if name not in owned.members | OWNER_MEMBER.keys()}
    said = {name: value for name, value in fresh.items() if name not in part.initial or name not in stored}
    lists = {name: _both_lists(name, stored, fresh, owned) for name in OWNER_MEMBER}
    shared = {name: value for name, value in lists.items() if value}
    meta = _meta(stored.get("meta", {}), fresh.get("meta", {}))
    return {**kept, **said, **shared, "meta": meta, "id": stored["id"]}


def _both_lists(name: str, stored: Resource, fresh: Resource, owned: OwnedElements) -> Any:
    """The record's items, then those of others; a single Identifier that is not a list is the record's."""
    said, found = fresh.get(name, []), stored.get(name, [])
    if not isinstance(said, list) or not isinstance(found, list):
        return said or found
    return said + [item for item in found if item.get(OWNER_MEMBER[name]) not in owned.items]


def _meta(stored: Mapping[str, Any], fresh: Mapping[str, Any]) -> dict[str, Any]:
    """The stored tags and security labels; the record's profiles, then the stored ones of other guides."""
    labels = {name: stored[name] for name in ("tag", "security", "source") if name in stored}
    claimed = list(fresh.get("profile", []))
    guides = {_guide(profile) for profile in claimed}
    others = [
        profile for profile in stored.get("profile", []) if not claimed or _guide(profile) not in guides
    ]
    return {**labels, **({"profile": claimed + others} if claimed or others else {})}


def _guide(profile: str) -> str:
    return profile.rpartition("/")[0]
