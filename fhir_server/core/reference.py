"""References, canonicals and what they point at.

https://hl7.org/fhir/R4/references.html
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from msgspec import Struct

from fhir_server.core.memo import Memo

Kind = Literal["local", "absolute", "urn", "contained", "conditional", "invalid"]

ID = r"[A-Za-z0-9\-.]{1,64}"
"""What a logical id looks like, as a regular expression."""

_LITERAL = rf"([A-Z][A-Za-z]+)/({ID})(?:/_history/({ID}))?"
_match_relative = re.compile(_LITERAL).fullmatch
_match_absolute = re.compile(rf"(https?://\S+?)/{_LITERAL}").fullmatch
_match_conditional = re.compile(r"([A-Z][A-Za-z]+)/?\?(\S.*)").fullmatch

is_absolute = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch
"""Whether a text is a URI with a scheme."""

CACHED_LENGTH_MAX = 256
"""The longest reference whose parsed form is cached: clients send references of any length."""


class Reference(Struct, frozen=True):
    """A parsed reference.

    local        `type`, `id` and perhaps `version` of a resource of this server
    absolute     `url` without version; `type` and `id` too where the URL ends in them
    urn          `url` is urn:uuid:..., urn:oid:... or another urn
    contained    `id` is that of the contained resource, empty for the container itself
    conditional  `type`, and the search `query`
    invalid      none of these
    """

    kind: Kind
    type: str = ""
    id: str = ""
    version: str = ""
    url: str = ""
    query: str = ""


@dataclass(frozen=True, slots=True)
class Canonical:
    """`url|version#fragment`; missing parts are empty. https://hl7.org/fhir/R4/references.html#canonical"""

    url: str
    version: str = ""
    fragment: str = ""


def parse_reference(text: str, *base_urls: str) -> Reference:
    """Parse a reference; a URL below one of `base_urls` is local, like a relative reference."""
    reference = _PARSED[text]
    if base_urls and reference.kind == "absolute" and reference.type:
        return _below(reference, base_urls)
    return reference


def relative(body: bytes, base_urls: Iterable[str]) -> bytes:
    """A resource, as this server serialises it, with references below `base_urls` made relative."""
    if b'"reference":"http' not in body:
        return body
    for base_url in base_urls:
        body = body.replace(b'"reference":"%s/' % base_url.rstrip("/").encode(), b'"reference":"')
    return body


def _parsed(text: str) -> Reference:
    if found := _match_relative(text):
        return Reference("local", found[1], found[2], found[3] or "")
    if text.startswith("#"):
        return Reference("contained", id=text[1:])
    if text.startswith("urn:"):
        return Reference("urn", url=text)
    if found := _match_absolute(text):
        root, type, id, version = found.groups(default="")
        return Reference("absolute", type, id, version, f"{root}/{type}/{id}")
    if found := _match_conditional(text):
        return Reference("conditional", found[1], query=found[2])
    if is_absolute(text):
        return Reference("absolute", url=text)
    return Reference("invalid")


_PARSED = Memo(_parsed, entries_max=4_096, length_max=CACHED_LENGTH_MAX)


def _below(reference: Reference, base_urls: tuple[str, ...]) -> Reference:
    """An absolute reference, made local if it is below one of `base_urls`."""
    root = reference.url.removesuffix(f"/{reference.type}/{reference.id}")
    if root not in {base_url.rstrip("/") for base_url in base_urls}:
        return reference
    return Reference("local", reference.type, reference.id, reference.version)


def with_version(url: str, version: str | None) -> str:
    """The canonical `url|version`, or the URL alone without a version."""
    return f"{url}|{version}" if version else url


def parse_canonical(text: str) -> Canonical:
    """The parts of a canonical URL."""
    rest, _, fragment = text.partition("#")
    url, _, version = rest.partition("|")
    return Canonical(url, version, fragment)
