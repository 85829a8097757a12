"""Where a request goes: its path below the FHIR base, its query, the base URL as the client sees it.

https://hl7.org/fhir/R4/http.html#general
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes

from fhir_server.api import messages
from fhir_server.core.memo import Memo
from fhir_server.errors import InvalidRequest
from fhir_server.search.limits import PARAMETERS_READ_MAX, check_count

BASE = b"/fhir"
BASE_LENGTH = len(BASE)
BELOW_BASE = BASE + b"/"
READ = ("GET", "HEAD")
HOST = re.compile(r"(?:[A-Za-z0-9_.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?")
OF_TOKENS = ((b"%3A", b":"), (b"%2F", b"/"), (b"%7C", b"|"))
"""Escapes that a `system|code` is full of: to take these away first halves the time. None of the characters
can be a part of another escape.
"""

MARKED = frozenset({"$", "_"})
"""How the last segment of a path begins that names no type and no resource."""

REMEMBERED_MAX = 4_096
REMEMBERED_BYTES_MAX = 512
"""Queries and paths that are remembered, and their length."""


def is_fhir(raw_path: bytes) -> bool:
    """Whether a path lies below the FHIR base: /fhir itself, or /fhir/..., but not /fhirs."""
    return raw_path.startswith(BELOW_BASE) or raw_path == BASE


def segments(raw_path: bytes) -> tuple[str, ...]:
    """The path below the base, split at slashes, then percent-decoded. One trailing slash is nothing."""
    return _SEGMENTS[raw_path]


def _segments(raw_path: bytes) -> tuple[str, ...]:
    below = raw_path[BASE_LENGTH + 1 :].removesuffix(b"/")
    if not below:
        return ()
    if b"%" in below:
        return tuple(_decoded(part, "path") for part in below.split(b"/"))
    try:
        return tuple(below.decode().split("/"))
    except UnicodeDecodeError as error:
        raise InvalidRequest.of(messages.NOT_UTF8(part="path")) from error


def names_resources(path: tuple[str, ...]) -> bool:
    """Whether a path ends in the name of a resource or of a type, or nowhere, and asks for no operation."""
    return not path or path[-1][:1] not in MARKED


def query(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The parameters of a query string or a form, decoded, in order; empty ones are kept.

    Those of a short one are the same objects when it comes again, so that whoever knows them finds out soon.
    """
    return _QUERIES[raw]


def _query(raw: bytes) -> tuple[tuple[str, str], ...]:
    check_count(raw.count(b"&"), PARAMETERS_READ_MAX)
    found = []
    for pair in raw.replace(b"+", b" ").split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            found.append((_decoded(name, "query"), _decoded(value, "query")))
    return tuple(found)


def _decoded(text: bytes, part: str) -> str:
    try:
        return (_unescaped(text) if b"%" in text else text).decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest.of(messages.NOT_UTF8(part=part)) from error


def _unescaped(text: bytes) -> bytes:
    for escape, character in OF_TOKENS:
        text = text.replace(escape, character)
    return unquote_to_bytes(text) if b"%" in text else text


_SEGMENTS = Memo(_segments, REMEMBERED_MAX, REMEMBERED_BYTES_MAX)
_QUERIES = Memo(_query, REMEMBERED_MAX, REMEMBERED_BYTES_MAX)


def allowed_methods(path: tuple[str, ...]) -> tuple[str, ...]:
    """The methods that make sense on a path of this shape, for the Allow header."""
    match path:
        case ():
            return (*READ, "POST")
        case ("metadata",) | ("_history",) | (_, "_history") | (_, _, "_history") | (_, _, "_history", _):
            return READ
        case (*_, last) if last == "_search" or last.startswith("$"):
            return (*READ, "POST")
        case (_,):
            return (*READ, "POST", "PUT", "PATCH", "DELETE")
        case (_, _):
            return (*READ, "PUT", "PATCH", "DELETE")
        case _:
            return READ


def template(path: tuple[str, ...], known: frozenset[str]) -> str:
    """A path fit for a log: words that are not the server's own, such as ids, become {}."""
    return "/" + "/".join([part if part in known else "{}" for part in path])


@dataclass(frozen=True, slots=True)
class BaseUrls:
    """Gives the FHIR base that a response speaks of.

    `fixed` is the operator's word; else it follows the Host header, which must be one of `hosts` (empty: any
    well-formed one). A page of another site that has its own name point at this machine (DNS rebinding) is so
    kept out of a server that trusts loopback.
    """

    fixed: str | None = None
    hosts: frozenset[str] = frozenset()
    trust_forwarded: bool = False
    _seen: dict[tuple[str, bytes], str] = field(default_factory=dict, compare=False)

    def of(self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes]) -> str:
        """The base URL without a trailing slash. Raises `InvalidRequest` for a Host that is not served, and
        for none where HTTP/1.1 asks for one. https://www.rfc-editor.org/rfc/rfc9112#section-3.2
        """
        scheme, host = scope["scheme"], headers.get(b"host", b"")
        if self.trust_forwarded:
            scheme = _first(headers, b"x-forwarded-proto").decode("latin-1") or scheme
            host = _first(headers, b"x-forwarded-host") or host
        if not host and scope.get("http_version") == "1.1":
            raise InvalidRequest.of(messages.NO_HOST(address=_own_address(scope)))
        known = self._seen.get((scheme, host))
        return known if known is not None else self._checked(scheme, host, scope)

    def _checked(self, scheme: str, raw_host: bytes, scope: Mapping[str, Any]) -> str:
        host = raw_host.decode("latin-1") or _own_address(scope)
        if not HOST.fullmatch(host) or scheme not in ("http", "https"):
            raise InvalidRequest.of(messages.BAD_HOST())
        if self.hosts and _without_port(host) not in self.hosts:
            raise InvalidRequest.of(messages.BAD_HOST())
        base = self.fixed or f"{scheme}://{host}/fhir"
        if len(self._seen) < 256:
            self._seen[scheme, raw_host] = base
        return base


def _first(headers: Mapping[bytes, bytes], name: bytes) -> bytes:
    return headers.get(name, b"").partition(b",")[0].strip()


def _without_port(host: str) -> str:
    return re.sub(r":\d+$", "", host).lower()


def _own_address(scope: Mapping[str, Any]) -> str:
    host, port = scope.get("server") or ("localhost", None)
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port}" if port else bracketed
