"""Deterministic ids computed from names."""

from hashlib import sha1

from hypothesis import given
from hypothesis import strategies as st

from fhir_server.core.name_based_uuid import name_based_uuid

_URLS = bytes.fromhex("6ba7b8119dad11d180b400c04fd430c8")
"""The namespace of URLs, from RFC 9562, table 3."""


@given(st.text())
def test_the_id_is_the_hash_of_the_name_in_the_namespace_of_urls(name: str) -> None:
    digits = bytearray(sha1(_URLS + name.encode()).digest()[:16])
    digits[6] = digits[6] & 0x0F | 0x50
    digits[8] = digits[8] & 0x3F | 0x80
    assert name_based_uuid(name).replace("-", "") == digits.hex()


def test_it_is_written_as_uuids_are() -> None:
    assert name_based_uuid("http://www.example.com/") == "fcde3c85-2270-590f-9e7c-ee003d65e0e2"
