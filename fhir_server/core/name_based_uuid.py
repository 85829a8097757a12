"""Deterministic ids: UUIDs of version 5, computed from a name.

https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
"""

from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

_REMEMBERED_MAX = 8_192
"""The same few names come again and again while the resources of one patient are written."""


@lru_cache(_REMEMBERED_MAX)
def name_based_uuid(name: str) -> str:
    """The UUID of version 5 for a name in the URL namespace; the same for every caller."""
    return str(uuid5(NAMESPACE_URL, name))
