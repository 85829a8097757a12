"""Content negotiation: format, FHIR version, language, compression, and the Prefer header.

https://hl7.org/fhir/R4/http.html#mime-type
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, wraps
from typing import Any, Concatenate, Literal, ParamSpec, TypeVar, cast

from fhir_server.api import messages
from fhir_server.core.request import Preferences, Return
from fhir_server.errors import InvalidRequest, NotAcceptable
from fhir_server.issues import Language

FHIR_JSON = "application/fhir+json"
JSON_NAMES = frozenset({FHIR_JSON, "application/json", "text/json"})
JSON_FORMATS = frozenset({"json", *JSON_NAMES})
OFFERED = (FHIR_JSON, "application/json", "text/json")
WILDCARDS = {"*/*": 0, "application/*": 1, "text/*": 1}
"""Wildcards by specificity; a full type name is more specific than any."""
XML_NAMES = frozenset({"xml", "application/fhir+xml", "application/xml", "text/xml"})
FHIR_VERSIONS = frozenset({"4.0", "4.0.1"})
RETURNS = ("minimal", "representation", "OperationOutcome")
CACHED_HEADERS_MAX = 256
HEADER_BYTES_MAX = 4_096
"""The part of a negotiation header that is read and cached."""

P = ParamSpec("P")
Made = TypeVar("Made")


def cached(
    make: Callable[Concatenate[bytes, P], Made],
) -> Callable[Concatenate[bytes, P], Made]:
    """Cache a function of a header, of which only the first `HEADER_BYTES_MAX` are passed on."""
    known: Any = lru_cache(maxsize=CACHED_HEADERS_MAX)(make)

    @wraps(make)
    def made(header: bytes, /, *args: P.args, **kwargs: P.kwargs) -> Made:
        found: Made = known(header[:HEADER_BYTES_MAX], *args, **kwargs)
        return found

    return made


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One element of Accept, or a Content-Type: type in lower case, its parameters, its weight."""

    name: str
    parameters: tuple[tuple[str, str], ...]
    quality: float

    def parameter(self, name: str) -> str | None:
        return next((value for key, value in self.parameters if key == name), None)


def media_range(text: str) -> MediaRange:
    """Parse `application/fhir+json; fhirVersion=4.0; q=0.5`."""
    name, *rest = text.split(";")
    pairs = [part.partition("=") for part in rest]
    parameters = tuple((key.strip().lower(), value.strip().strip('"')) for key, _, value in pairs)
    quality = next((value for key, value in parameters if key == "q"), "1")
    return MediaRange(name.strip().lower(), parameters, _quality(quality))


def media_ranges(header: bytes) -> list[MediaRange]:
    """The elements of a header that lists them with weights."""
    return [media_range(part) for part in header.decode("latin-1").split(",") if part.strip()]


def _quality(text: str) -> float:
    try:
        return min(max(float(text), 0.0), 1.0)
    except ValueError:
        return 0.0


@cached
def content_type(accept: bytes) -> bytes:
    """The Content-Type of the response to an Accept header; an empty header accepts anything.

    Raises `NotAcceptable` if no acceptable type is served.
    """
    ranges = media_ranges(accept)
    if not ranges:
        return _named(FHIR_JSON, None)
    excluded = frozenset(media.name for media in ranges if media.quality == 0)
    served = [
        media for media in ranges if media.quality > 0 and _is_r4(media) and _served_as(media, excluded)
    ]
    if not served:
        raise _refusal(ranges)
    best = max(served, key=lambda media: (media.quality, WILDCARDS.get(media.name, 2)))
    return _named(_served_as(best, excluded), best.parameter("fhirversion"))


def accepts(accept: bytes, media_type: str) -> bool:
    """Whether an Accept header accepts a media type such as image/png."""
    name = media_range(media_type).name
    names = {name, f"{name.partition('/')[0]}/*", "*/*"}
    ranges = media_ranges(accept[:HEADER_BYTES_MAX])
    found = {media.name: media.quality for media in ranges if media.name in names}
    return found.get(name, max(found.values(), default=0.0)) > 0


def content_type_of_format(value: str) -> bytes:
    """The Content-Type that a `_format` parameter asks for. Raises `NotAcceptable` for another than JSON."""
    # An unescaped "+" in a query means a space, but clients write _format=application/fhir+json.
    media = media_range(value.replace(" ", "+").replace(";+", ";"))
    if media.name not in JSON_FORMATS or not _is_r4(media):
        raise _refusal([media])
    return _named(FHIR_JSON if media.name == "json" else media.name, media.parameter("fhirversion"))


def _served_as(media: MediaRange, excluded: frozenset[str]) -> str:
    """The media type to serve for a range; empty for a range that is not served."""
    if media.name in JSON_NAMES:
        return media.name
    if media.name not in WILDCARDS:
        return ""
    begin = media.name.rstrip("*").lstrip("*/")
    return next((name for name in OFFERED if name.startswith(begin) and name not in excluded), "")


def _is_r4(media: MediaRange) -> bool:
    return (media.parameter("fhirversion") or "4.0") in FHIR_VERSIONS


def _named(name: str, version: str | None) -> bytes:
    version_part = f"; fhirVersion={version}" if version else ""
    return f"{name}{version_part}; charset=utf-8".encode("latin-1")


def _refusal(ranges: list[MediaRange]) -> NotAcceptable:
    wrong_version = next((media for media in ranges if not _is_r4(media)), None)
    if wrong_version is not None:
        return NotAcceptable.of(
            messages.VERSION_NOT_ANSWERED(asked=_clipped(wrong_version.parameter("fhirversion") or ""))
        )
    if any(media.name in XML_NAMES for media in ranges):
        return NotAcceptable.of(messages.XML_NOT_ANSWERED())
    return NotAcceptable.of(messages.NOT_ANSWERED(asked=_clipped(", ".join(media.name for media in ranges))))


def _clipped(text: str) -> str:
    return text if len(text) <= 100 else text[:100] + "…"


@cached
def language(accept_language: bytes) -> Language:
    """French or English, whichever the client ranks higher; English when it names neither."""
    ranked: dict[Language, float] = {"en": 0.0, "fr": 0.0}
    for wish in media_ranges(accept_language):
        tag = wish.name.partition("-")[0]
        if tag in ranked:
            ranked[tag] = max(ranked[tag], wish.quality)
    return "fr" if ranked["fr"] > ranked["en"] else "en"


@cached
def preferences(prefer: bytes) -> Preferences:
    """The Prefer header; preferences that are not FHIR's are ignored, as RFC 7240 asks.

    https://hl7.org/fhir/R4/http.html#ops and https://www.rfc-editor.org/rfc/rfc7240
    """
    found = dict(reversed(list(_tokens(prefer.decode("latin-1")))))
    returns = found.get("return")
    return Preferences(
        returns=cast(Return, returns) if returns in RETURNS else None,
        lenient=found.get("handling") == "lenient",
        respond_async="respond-async" in found,
    )


def _tokens(prefer: str) -> Iterator[tuple[str, str]]:
    for preference in prefer.split(","):
        name, _, value = preference.partition(";")[0].partition("=")
        yield name.strip().lower(), value.strip().strip('"')


def pretty(value: str | None) -> bool:
    """Whether `_pretty` asks for indentation. Raises `InvalidRequest` for another word than true or false."""
    if value not in (None, "", "true", "false"):
        raise InvalidRequest.of(messages.BAD_PRETTY(given=_clipped(value or "")), "http._pretty")
    return value == "true"


Encoding = Literal["gzip", "identity"]


@cached
def encoding(accept_encoding: bytes) -> Encoding:
    """gzip if the client accepts it, else no compression."""
    weights = {coding.name: coding.quality for coding in media_ranges(accept_encoding)}
    return "gzip" if weights.get("gzip", weights.get("*", 0.0)) > 0 else "identity"
