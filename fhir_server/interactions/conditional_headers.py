"""The conditional headers: If-Match, If-None-Match, If-Modified-Since and If-Unmodified-Since.

https://hl7.org/fhir/R4/http.html#concurrency
https://www.rfc-editor.org/rfc/rfc9110#section-13
"""

import re
from datetime import UTC
from email.utils import parsedate_to_datetime

from fhir_server.core.request import Conditions
from fhir_server.core.temporal import BEGINNING, parse_instant
from fhir_server.errors import InvalidRequest, PreconditionFailed
from fhir_server.interactions import messages
from fhir_server.store.port import StoredResource

_IN_LIST = re.compile(r'(?:[^,"]|"[^"]*"?)+')
"""An element of a comma-separated list; a quoted tag may contain commas."""
_ETAG = re.compile(r'(?:W/)?"([^"]*)"|(\d+)')
_HEADER_LENGTH_MAX = 8_192
"""Longer headers are refused."""
_SHOWN_LENGTH_MAX = 100
_SECOND = 1_000_000
_MILLISECOND = 1_000
"""The precision of `meta.lastUpdated`."""


def check_if_match(conditions: Conditions, current: StoredResource | None) -> None:
    """Raise `PreconditionFailed` unless If-Match names the current version or, without If-Match, the current
    version is not later than If-Unmodified-Since. A deletion matches its version number, but not `*`.
    """
    if conditions.if_match is None:
        if conditions.if_unmodified_since is not None:
            _check_unmodified(conditions.if_unmodified_since, current)
        return
    if current and conditions.if_match == f'W/"{current.version}"':
        return
    versions = _versions(conditions.if_match, "If-Match")
    given = conditions.if_match
    if current is None or (current.deleted and versions is None):
        raise PreconditionFailed.of(messages.NOTHING_TO_MATCH(given=given))
    if versions is not None and str(current.version) not in versions:
        raise PreconditionFailed.of(messages.STALE_IF_MATCH(given=given, current=current.version))


def _check_unmodified(since: str, current: StoredResource | None) -> None:
    if current is None or current.deleted:
        return
    end = _end_of(since)
    if end != BEGINNING and current.last_updated >= end:
        text = messages.MODIFIED_SINCE(reference=current.reference, version=current.version, since=since)
        raise PreconditionFailed.of(text)


def check_write(conditions: Conditions, current: StoredResource | None) -> None:
    """Raise `PreconditionFailed` as `check_if_match` does, and if If-None-Match names the current version;
    `*` names any, so that the resource must not exist.
    """
    check_if_match(conditions, current)
    if conditions.if_none_match is None or current is None or current.deleted:
        return
    versions = _versions(conditions.if_none_match, "If-None-Match")
    if versions is None:
        raise PreconditionFailed.of(messages.ALREADY_EXISTS(reference=current.reference))
    if str(current.version) in versions:
        text = messages.MATCHED_IF_NONE_MATCH(reference=current.reference, current=current.version)
        raise PreconditionFailed.of(text)


def names_version(conditions: Conditions, version: int) -> bool:
    """Whether If-None-Match names a version, which the client then already has."""
    if conditions.if_none_match is None:
        return False
    versions = _versions(conditions.if_none_match, "If-None-Match")
    return versions is None or str(version) in versions


def unchanged(conditions: Conditions, current: StoredResource) -> bool:
    """Whether the client of a conditional read already has the current version."""
    if conditions.if_none_match is not None:
        return names_version(conditions, current.version)
    if conditions.if_modified_since is not None:
        return current.last_updated < _end_of(conditions.if_modified_since)
    return False


def _versions(header: str, name: str) -> frozenset[str] | None:
    """The versions that an ETag list names; None for `*`, any version."""
    if header.strip() == "*":
        return None
    tags = _IN_LIST.findall(header) if len(header) <= _HEADER_LENGTH_MAX else []
    matches = [_ETAG.fullmatch(tag) for tag in map(str.strip, tags) if tag]
    if not matches or not all(matches):
        raise InvalidRequest.of(messages.BAD_ETAG(header=name, value=header[:_SHOWN_LENGTH_MAX]))
    return frozenset((match[1] or match[2]) for match in matches if match)


def _end_of(since: str) -> int:
    """The first microsecond after an HTTP date, or after an instant, which a Bundle has in its place.

    `BEGINNING` for anything else, which is ignored: https://www.rfc-editor.org/rfc/rfc9110#section-13.1.3
    """
    for text in (since, f"{since} GMT"):  # A date of RFC 850 is taken as one only with its zone.
        try:
            moment = parsedate_to_datetime(text)
        except ValueError:
            continue
        seconds = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
        return (int(seconds) + 1) * _SECOND
    return _end_of_instant(since)


def _end_of_instant(text: str) -> int:
    try:
        return parse_instant(text) + _MILLISECOND
    except ValueError:
        return BEGINNING
