"""References and URIs. https://hl7.org/fhir/R4/search.html#reference and #uri"""

import re
from typing import Any, NamedTuple

from tests.search.oracle import tokens
from tests.search.oracle.texts import unescape

ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
RELATIVE = re.compile(r"([A-Z][A-Za-z]+)/([A-Za-z0-9\-.]{1,64})")


class Target(NamedTuple):
    """`url` is relative for what this server holds; `version` is that of the resource or canonical."""

    url: str
    version: str | None

    @property
    def local(self) -> tuple[str, str] | None:
        """The type and id of what this server holds."""
        found = RELATIVE.fullmatch(self.url)
        return (found[1], found[2]) if found else None


def target(text: str, base_url: str) -> Target:
    """ "A relative reference resolving to the same value as a specified absolute URL" is the same."""
    url, _, version = text.removeprefix(base_url + "/").partition("|")
    url, _, historic = url.partition("/_history/")
    return Target(url, version or historic or None)


def target_of(data: Any, type: str, base_url: str) -> Target | None:
    """What an element refers to; None for a Reference without a literal one."""
    text = data.get("reference") if type == "Reference" else data
    return target(text, base_url) if text else None


def matches(text: str, modifier: str, found: Target | None, base_url: str) -> bool:
    """`[id]`, `[type]/[id]` or `[url]`; the modifier is the type of an `[id]`."""
    text = unescape(text)
    if found is None:
        return False
    if ID.fullmatch(text):
        return found.local is not None and found.local[1] == text and modifier in ("", found.local[0])
    wanted = target(text, base_url)
    return wanted.url == found.url and wanted.version in (None, found.version)


def version_matches(text: str, found: Target | None, base_url: str) -> bool:
    """:below on a canonical, "to control whether the version is considered": 1 is above 1.0 and 1.1."""
    wanted = target(unescape(text), base_url)
    if found is None or found.url != wanted.url:
        return False
    return wanted.version in (None, found.version) or str(found.version).startswith(f"{wanted.version}.")


def identifier_matches(text: str, data: Any, type: str) -> bool:
    """:identifier, "a token search" on Reference.identifier."""
    identifier = data.get("identifier") if type == "Reference" else None
    return identifier is not None and tokens.matches(text, identifier, "Identifier", "")


def uri_forms(data: str, type: str) -> set[str]:
    """What a URI is found and sorted by: a canonical without its version too."""
    return {data, data.partition("|")[0]} if type == "canonical" else {data}


def uri_matches(text: str, modifier: str, data: str, type: str) -> bool:
    """A uri parameter, "precise" but for :above and :below, which go by the segments of URLs."""
    value = unescape(text)
    forms = uri_forms(data, type)
    match modifier:
        case "below":
            return any(f"{form}/".startswith(f"{value}/") for form in forms)
        case "above":
            return any(f"{value}/".startswith(f"{form}/") for form in forms)
    return value in forms
