"""Keyed pseudonyms, stable within one purpose; exports of different purposes cannot be joined by them.

HMAC-SHA-256 (https://www.rfc-editor.org/rfc/rfc2104). The key is kept outside the export and the store.
"""

import hmac
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from mappings.sesame.policy import Policy

KEY_MIN_BYTES = 32
SHOWN = 40
"""Hexadecimal digits of a pseudonym: 160 bits, which are also a valid FHIR id."""

PURPOSES = ("evaluation", "research")


class Pseudonyms:
    """The pseudonyms of one purpose."""

    def __init__(self, key: bytes, purpose: str) -> None:
        self._key = key
        self._purpose = purpose

    def of(self, type: str, id: str) -> str:
        """The pseudonym of the resource `type/id`."""
        message = f"{self._purpose}|{type}/{id}".encode()
        return hmac.new(self._key, message, sha256).hexdigest()[:SHOWN]


def read_keys(policy: Policy) -> Mapping[str, bytes]:
    """The configured keys by purpose. Raises `ValueError` for a key that is unreadable, too short or used
    twice.
    """
    paths = {"evaluation": policy.evaluation_key_file, "research": policy.research_key_file}
    keys = {purpose: _read(purpose, path) for purpose, path in paths.items() if path}
    if len(set(keys.values())) < len(keys):
        raise ValueError("sesame.research_key_file: expected another key than that of the evaluation")
    return keys


def _read(purpose: str, path: str) -> bytes:
    name = f"sesame.{purpose}_key_file"
    try:
        key = Path(path).read_bytes().strip()
    except OSError as error:
        raise ValueError(f"{name}: cannot be read: {error.strerror}") from error
    if len(key) < KEY_MIN_BYTES:
        raise ValueError(f"{name}: expected at least {KEY_MIN_BYTES} bytes, not {len(key)}")
    return key
