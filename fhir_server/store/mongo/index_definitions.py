"""How each type is indexed, as one document.

It maps each type to its fingerprints by code and its pending codes, as JSON because MongoDB does not accept
every code as a field name.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from fhir_server.store.mongo.collections import Document
from fhir_server.store.port import TypeIndex

KEY = "types"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, tuple[dict[str, str], list[str]]]).decode


def from_document(document: Document | None) -> dict[str, TypeIndex]:
    """What is recorded about every type."""
    if document is None:
        return {}
    found = _decode(document["b"])
    return {type: TypeIndex(type, known, frozenset(left)) for type, (known, left) in found.items()}


def to_document(indexes: Iterable[TypeIndex]) -> dict[str, Any]:
    """The document that records these."""
    found = {index.type: (dict(index.fingerprints), sorted(index.pending)) for index in indexes}
    return {"_id": KEY, "b": _encode(found)}
