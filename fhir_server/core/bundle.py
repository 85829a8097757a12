"""Bundles assembled from the bytes of their resources, without parsing them again.

https://hl7.org/fhir/R4/bundle.html
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Literal

from msgspec import Struct

from fhir_server.core import json

BundleType = Literal["collection", "searchset", "history", "batch-response", "transaction-response"]

CACHED_MAX = 4_096
"""Heads that are cached."""

CACHED_LENGTH_MAX = 1_024
"""The longest link of a head that is cached."""


class Link(Struct, frozen=True):
    """A link of a Bundle: relation (self, next, ...) and absolute URL."""

    relation: str
    url: str


def bundle(
    kind: BundleType, entries: Iterable[bytes], links: Sequence[Link] = (), total: int | None = None
) -> bytes:
    """The Bundle as JSON bytes. `entries` are results of `entry`, or several of them joined by commas."""
    is_cached = len(links) == 1 and len(links[0].url) <= CACHED_LENGTH_MAX
    head = (_cached_head if is_cached else _head)(kind, total, *links)
    joined = b",".join(entries)
    return b"".join((head, b',"entry":[', joined, b"]}")) if joined else head + b"}"


def _head(kind: BundleType, total: int | None, *links: Link) -> bytes:
    """Everything before the entries."""
    head: dict[str, Any] = {"resourceType": "Bundle", "type": kind}
    if total is not None:
        head["total"] = total
    if links:
        head["link"] = [{"relation": link.relation, "url": link.url} for link in links]
    return json.serialise(head)[:-1]


_cached_head = lru_cache(maxsize=CACHED_MAX)(_head)
"""For Bundles with one link. A head with a link to the next page is hardly ever needed again."""


def entry(full_url: str | None = None, resource: bytes | None = None, **members: dict[str, Any]) -> bytes:
    """One entry; `members` are its search, request and response elements."""
    parts = []
    if full_url:
        parts.append(b'"fullUrl":' + json.serialise(full_url))
    if resource:
        parts.append(b'"resource":' + resource)
    parts += [b'"%s":%s' % (name.encode(), json.serialise(value)) for name, value in members.items()]
    return b"{" + b",".join(parts) + b"}"
