"""References, canonicals and what they point at.

https://hl7.org/fhir/R4/references.html
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Kind = Literal["local", "absolute", "urn", "contained", "conditional", "invalid"]

_ID = r"[A-Za-z0-9\-.]{1,64}"
_LITERAL = rf"([A-Z][A-Za-z]+)/({_ID})(?:/_history/({_ID}))?"
_match_relative = re.compile(_LITERAL).fullmatch
_match_absolute = re.compile(rf"(https?://\S+?)/{_LITERAL}").fullmatch
_match_conditional = re.compile(r"([A-Z][A-Za-z]+)\?(\S.*)").fullmatch
_match_url = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch


REMEMBERED_LENGTH_MAX = 256
"""Clients write references of any length, and only short ones are worth keeping."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference taken apart.

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
    """`url|version#fragment`; what is absent is empty. https://hl7.org/fhir/R4/references.html#canonical"""

    url: str
    version: str = ""
    fragment: str = ""


def parse_reference(text: str, base_url: str = "") -> Reference:
    """What `text` refers to; a URL below `base_url` is local, as a relative one is."""
    return (_remembered if len(text) <= REMEMBERED_LENGTH_MAX else _parsed)(text, base_url)


def _parsed(text: str, base_url: str) -> Reference:
    if found := _match_relative(text):
        return Reference("local", found[1], found[2], found[3] or "")
    if text.startswith("#"):
        return Reference("contained", id=text[1:])
    if text.startswith("urn:"):
        return Reference("urn", url=text)
    if found := _match_absolute(text):
        return _absolute(found, base_url)
    if found := _match_conditional(text):
        return Reference("conditional", found[1], query=found[2])
    if _match_url(text):
        return Reference("absolute", url=text)
    return Reference("invalid")


_remembered = lru_cache(maxsize=4096)(_parsed)


def _absolute(found: re.Match[str], base_url: str) -> Reference:
    root, type, id, version = found.groups(default="")
    if base_url and root == base_url.rstrip("/"):
        return Reference("local", type, id, version)
    return Reference("absolute", type, id, version, f"{root}/{type}/{id}")


def parse_canonical(text: str) -> Canonical:
    """The parts of a canonical URL."""
    rest, _, fragment = text.partition("#")
    url, _, version = rest.partition("|")
    return Canonical(url, version, fragment)
