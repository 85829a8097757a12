"""Ids that follow from a name, so that whoever makes one again makes the same.

https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-5
"""

from functools import lru_cache
from uuid import NAMESPACE_URL, uuid5

_REMEMBERED_MAX = 8_192
"""The same few are asked for again and again while one patient's resources are written."""


@lru_cache(_REMEMBERED_MAX)
def named_uuid(name: str) -> str:
    """The UUID of version 5 of a name, among those of URLs."""
    return str(uuid5(NAMESPACE_URL, name))
