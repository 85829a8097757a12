"""The request target: its path below the FHIR base, its query, and the base URL as the client sees it.

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
"""The usual escapes of a `system|code`: replacing these first halves the time. None of the characters can be
part of another escape.
"""

NO_NAME = frozenset({"$", "_"})
"""First characters of path segments that name no type and no resource, such as `$validate` or `_search`."""

CACHED_MAX = 4_096
CACHED_BYTES_MAX = 512
"""The number of cached queries and of cached paths, and their length."""


def is_fhir(raw_path: bytes) -> bool:
    """Whether a path lies below the FHIR base: /fhir itself, or /fhir/..., but not /fhirs."""
    return raw_path.startswith(BELOW_BASE) or raw_path == BASE


def segments(raw_path: bytes) -> tuple[str, ...]:
    """The path below the base, split at slashes, then percent-decoded. One trailing slash is ignored."""
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
    """Whether a path is the base, or ends in a type or an id; not for operations, `_search` or `_history`."""
    return not path or path[-1][:1] not in NO_NAME


def query(raw: bytes) -> tuple[tuple[str, str], ...]:
    """The parameters of a query string or a form, decoded, in order; empty ones are kept.

    Those of a short query are cached: the same query gives the same objects, which makes comparing them fast.
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


_SEGMENTS = Memo(_segments, CACHED_MAX, CACHED_BYTES_MAX)
_QUERIES = Memo(_query, CACHED_MAX, CACHED_BYTES_MAX)


def allowed_methods(path: tuple[str, ...]) -> tuple[str, ...]:
    """The methods for the Allow header of a path, by its shape."""
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


def log_path(path: tuple[str, ...], known: frozenset[str]) -> str:
    """A path that is safe to log: segments that are not `known`, such as ids, become {}."""
    return "/" + "/".join([part if part in known else "{}" for part in path])


@dataclass(frozen=True, slots=True)
class BaseUrls:
    """Determines the FHIR base URL of responses.

    It is `fixed` if configured, else it follows the Host header, which must be one of `hosts` (empty: any
    well-formed one). This protects a server that trusts loopback from DNS rebinding.
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
