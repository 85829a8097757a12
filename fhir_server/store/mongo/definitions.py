"""How each type is indexed, as one document.

By type its fingerprints by code, and the codes that are pending, as JSON: codes may be no names of fields.
"""

from collections.abc import Iterable
from typing import Any

import msgspec

from fhir_server.store.mongo.collections import Document
from fhir_server.store.port import TypeIndex

KEY = "types"

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(dict[str, tuple[dict[str, str], list[str]]]).decode


def read(document: Document | None) -> dict[str, TypeIndex]:
    """What is recorded of every type."""
    if document is None:
        return {}
    found = _decode(document["b"])
    return {type: TypeIndex(type, known, frozenset(left)) for type, (known, left) in found.items()}


def written(indexes: Iterable[TypeIndex]) -> dict[str, Any]:
    """The document that records this."""
    found = {index.type: (dict(index.fingerprints), sorted(index.pending)) for index in indexes}
    return {"_id": KEY, "b": _encode(found)}
