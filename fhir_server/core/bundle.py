"""Bundles spliced from the bytes of their resources, which are never parsed again.

https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from fhir_server.core import json

BundleType = Literal["collection", "searchset", "history", "batch-response", "transaction-response"]


class Link(NamedTuple):
    """A link of a Bundle: relation (self, next, ...) and absolute URL."""

    relation: str
    url: str


def bundle(
    kind: BundleType, entries: Iterable[bytes], links: Sequence[Link] = (), total: int | None = None
) -> bytes:
    """The Bundle as JSON bytes, around entries as `entry` makes them, each or several with commas between."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": link.relation, "url": link.url} for link in links]
    joined = b",".join(entries)
    if not joined:
        return json.serialise(head)
    return b"".join((json.serialise(head)[:-1], b',"entry":[', joined, b"]}"))


def entry(full_url: str | None = None, resource: bytes | None = None, **members: dict[str, Any]) -> bytes:
    """One entry; `members` are its search, request and response elements."""
    parts = []
    if full_url:
        parts.append(b'"fullUrl":' + json.serialise(full_url))
    if resource:
        parts.append(b'"resource":' + resource)
    parts += [b'"%s":%s' % (name.encode(), json.serialise(value)) for name, value in members.items()]
    return b"{" + b",".join(parts) + b"}"
