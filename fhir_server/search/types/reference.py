"""The reference parameter: one resource refers to another.

https://hl7.org/fhir/R4/search.html#reference
"""

import re
from collections.abc import Mapping
from typing import Any

from fhir_server.core.memo import Memo
from fhir_server.core.reference import parse_canonical, parse_reference
from fhir_server.errors import InvalidSearch
from fhir_server.search import messages
from fhir_server.search.ast import ReferenceValue
from fhir_server.search.entries import Entries, ReferenceEntry, TokenEntry
from fhir_server.search.escapes import unescape
from fhir_server.search.types.context import Indexer, Indexing, ParseContext, Target

IDENTIFIER = ":identifier"
"""Suffix of the derived tokens for the modifier of the same name."""

FIRST_OF_BUNDLES: Mapping[str, str] = {"composition": "Composition", "message": "MessageHeader"}
"""The type of a Bundle's first resource, by the parameter that refers to it."""

_is_id = re.compile(r"[A-Za-z0-9\-.]{1,64}").fullmatch
_CACHED_MAX = 1_024
"""References whose entries are cached: consecutive writes often refer to the same resources."""
_CANONICAL = frozenset({"canonical", "uri", "url", "oid", "uuid"})


def parse(text: str, context: ParseContext) -> ReferenceValue:
    """An id, `Type/id`, or an absolute URL; a URL below the server's own base is the same as `Type/id`."""
    text = unescape(text)
    if _is_id(text):
        return ReferenceValue(context.type, text)
    canonical = parse_canonical(text)
    reference = parse_reference(canonical.url, *context.base_urls)
    version = reference.version or canonical.version or None
    if reference.kind == "local":
        return ReferenceValue(reference.type, reference.id, version)
    if reference.kind in ("absolute", "urn"):
        return ReferenceValue("", reference.url, version)
    raise InvalidSearch.of(messages.BAD_REFERENCE(value=text, parameter=context.parameter))


def matches(entry: ReferenceEntry, value: ReferenceValue, modifier: str | None) -> bool:
    """Whether a reference matches. A value without a type matches that id in any type; one without a version
    any version; with `below`, version 1 matches 1.x.
    """
    if modifier == "ne":
        return not matches(entry, value, None)
    if entry.target != value.target or not _has_version(entry.version, value.version, modifier):
        return False
    return entry.type != "" if value.type is None else entry.type == value.type


def _has_version(version: str, wanted: str | None, modifier: str | None) -> bool:
    if wanted is None or version == wanted:
        return True
    return modifier == "below" and version.startswith(f"{wanted}.")


def indexer(target: Target, indexing: Indexing) -> Indexer | None:
    """The target of a Reference or canonical; the identifier of a Reference as a derived token."""
    if target.type == "Reference":
        return _reference(target.parameter, indexing.base_urls)
    if target.type in _CANONICAL:
        return _canonical(target.parameter, indexing.base_urls)
    if target.type == "Resource":
        return _nested(target.parameter)
    return None


def _reference(parameter: str, base_urls: tuple[str, ...]) -> Indexer:
    derived = parameter + IDENTIFIER
    cache: Memo[str, ReferenceEntry] = Memo(lambda text: _entry(parameter, text, base_urls), _CACHED_MAX)

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        entries.references.append(cache[value.get("reference") or ""])
        identifier = value.get("identifier")
        if identifier:
            system, code = identifier.get("system") or "", identifier.get("value") or ""
            entries.tokens.append(TokenEntry(derived, system, code))

    return index


def _entry(parameter: str, text: str, base_urls: tuple[str, ...]) -> ReferenceEntry:
    """The entry of a reference. An empty one has an entry too, so that it does not count as missing."""
    if not text:
        return ReferenceEntry(parameter, "", "", "")
    reference = parse_reference(text, *base_urls)
    if reference.kind == "local":
        return ReferenceEntry(parameter, reference.type, reference.id, reference.version)
    return ReferenceEntry(parameter, "", reference.url or text, reference.version)


def _canonical(parameter: str, base_urls: tuple[str, ...]) -> Indexer:
    def index(value: str, entries: Entries) -> None:
        canonical = parse_canonical(value)
        entry = _entry(parameter, canonical.url, base_urls)
        version = canonical.version or entry.version
        entries.references.append(ReferenceEntry(parameter, entry.type, entry.target, version))

    return index


def _nested(parameter: str) -> Indexer:
    """Index a nested resource, such as the first of a document, as a reference to it."""
    wanted = FIRST_OF_BUNDLES.get(parameter)

    def index(value: Mapping[str, Any], entries: Entries) -> None:
        if wanted not in (None, value["resourceType"]):
            return
        id = value.get("id")
        kind = value["resourceType"] if id else ""
        entries.references.append(ReferenceEntry(parameter, kind, id or "", ""))

    return index
