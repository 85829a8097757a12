"""Converts versions of resources to documents of `resources` and `history`, and back.

A body is stored once: in `resources` while it is current, then in `history`.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import bson
from msgspec.structs import astuple

from fhir_server import errors
from fhir_server.store import messages
from fhir_server.store.port import StoredResource

Document = Mapping[str, Any]

OWN = ("t", "i", "v", "s", "f", "u", "m", "b")
"""The fields of a version, in the order of `StoredResource`."""

DOCUMENT_BYTES_MAX = 16 * 1024 * 1024
"""MongoDB's limit for one document."""

_SURELY_SMALL = 1024 * 1024
"""Documents with bodies up to this size are not measured: index entries never take fifteen times as much."""


def stored(document: Document) -> StoredResource:
    """The version in a document."""
    # Converts the driver's own type for 64-bit integers.
    return StoredResource(
        document["t"],
        document["i"],
        int(document["v"]),
        int(document["s"]),
        int(document["f"]),
        int(document["u"]),
        document["m"],
        document["b"],
    )


def all_stored(documents: Iterable[Document]) -> tuple[StoredResource, ...]:
    """The versions in documents."""
    return tuple([stored(document) for document in documents])


def current(version: StoredResource, rows: Mapping[str, Any]) -> dict[str, Any]:
    """The document of a current version with its index entries.

    Raises `ContentTooLarge` if it exceeds MongoDB's limit.
    """
    document = {
        "_id": version.reference,
        **dict(zip(OWN, astuple(version), strict=True)),
        "l": not version.deleted,
        **rows,
    }
    check_size(version, document)
    return document


def check_size(version: StoredResource, document: Document) -> None:
    """Raise `ContentTooLarge` if a document exceeds MongoDB's limit."""
    if len(version.body) <= _SURELY_SMALL:
        return
    size = len(bson.encode(document))
    if size > DOCUMENT_BYTES_MAX:
        text = messages.DOCUMENT_TOO_LARGE(reference=version.reference, size=size, maximum=DOCUMENT_BYTES_MAX)
        raise errors.ContentTooLarge.of(text)


def superseded(document: Document, time: int) -> dict[str, Any]:
    """The history document of a version that is replaced at `time`."""
    return {
        "_id": f"{document['_id']}/{document['v']}",
        "r": document["_id"],
        **{field: document[field] for field in OWN},
        "x": time,
    }
