"""A resource as bytes: a head with its identity and version, and a tail with everything else.

{"resourceType":"Patient","id":"1","meta":{"versionId":"2","lastUpdated":"..."  | ,"tag":[...]},"name":[...]}
                               head, written at commit                          | tail, serialised once
"""

from typing import Any

from msgspec import Struct

from fhir_server.core import json
from fhir_server.core.temporal import format_instant

SERVER_META = ("versionId", "lastUpdated")


class Draft(Struct, frozen=True):
    """A resource ready to be stored, without the version and the time, which the commit assigns."""

    type: str
    id: str
    tail: bytes


def draft(resource: dict[str, Any], id: str) -> Draft:
    """The draft of a parsed resource under `id`; its own id, version and time are ignored."""
    rest = resource.copy()
    type, meta = rest.pop("resourceType"), rest.pop("meta", {})
    rest.pop("id", None)
    if not meta.keys().isdisjoint(SERVER_META):
        meta = {name: value for name, value in meta.items() if name not in SERVER_META}
    return Draft(type, id, _continued(meta) + _continued(rest))


def _continued(members: dict[str, Any]) -> bytes:
    """Further members of an object that is already open, and its closing brace."""
    return b"," + json.serialise(members)[1:] if members else b"}"


def committed(resource: dict[str, Any], version: int, last_updated: int) -> dict[str, Any]:
    """A parsed resource as it will be once committed; `last_updated` in UTC microseconds."""
    given = {"versionId": str(version), "lastUpdated": format_instant(last_updated)}
    return {**resource, "meta": {**resource.get("meta", {}), **given}}


def body(draft: Draft, version: int, last_updated: int) -> bytes:
    """The committed resource as JSON bytes; `last_updated` in UTC microseconds."""
    head = (
        f'{{"resourceType":"{draft.type}","id":"{draft.id}","meta":'
        f'{{"versionId":"{version}","lastUpdated":"{format_instant(last_updated)}"'
    )
    return head.encode() + draft.tail
