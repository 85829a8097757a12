"""Paging tokens: stateless, valid for one path of one store, and encrypted because they hold search values.

https://hl7.org/fhir/R4/http.html#paging
"""

import base64
import binascii
import os
from typing import Any, TypeVar

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from fhir_server.core import messages
from fhir_server.errors import InvalidRequest

Content = TypeVar("Content")

_NONCE_BYTES = 12


class PageTokens:
    """Encrypts and decrypts tokens with the store's secret of 32 bytes, which all its processes share."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(secret)

    def seal(self, content: Any, path: str) -> str:
        """A URL-safe token with this data, which only `open` with the same path can read."""
        nonce = os.urandom(_NONCE_BYTES)
        sealed = self._cipher.encrypt(nonce, msgspec.msgpack.encode(content), path.encode())
        return base64.urlsafe_b64encode(nonce + sealed).rstrip(b"=").decode()

    def open(self, token: str, path: str, shape: type[Content], parameter: str) -> Content:
        """The data of a token for this path, which must have the type `shape`.

        Raises `InvalidRequest`, located at `parameter`, for a token that is forged, was made for another path
        or store, or by a server version that stored other data.
        """
        try:
            raw = base64.urlsafe_b64decode(token.encode() + b"=" * (-len(token) % 4))
            content = self._cipher.decrypt(raw[:_NONCE_BYTES], raw[_NONCE_BYTES:], path.encode())
            return msgspec.msgpack.decode(content, type=shape)
        except (InvalidTag, ValueError, binascii.Error) as error:
            text = messages.FOREIGN_TOKEN(path=f"/{path}")
            raise InvalidRequest.of(text, f"http.{parameter}") from error
