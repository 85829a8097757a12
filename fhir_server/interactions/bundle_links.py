"""The links of a Bundle with one page of results.

https://hl7.org/fhir/R4/http.html#paging
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from urllib.parse import quote_plus

from fhir_server.core.bundle import Link
from fhir_server.core.limits import Limits
from fhir_server.core.memo import Memo
from fhir_server.core.request import FhirRequest
from fhir_server.errors import InvalidRequest
from fhir_server.interactions import messages

PAGE_PARAMETER = "_page"
PRESENTATION = ("_format", "_pretty")
REMEMBERED_MAX = 4_096
REMEMBERED_LENGTH_MAX = 512
"""The number of cached URLs, and the length of their parameters."""
READABLE = ":,/$"
"""Characters that stay unescaped in a query, to be readable. A bar is not allowed in a URI.
https://www.rfc-editor.org/rfc/rfc3986#appendix-A"""

_needs_more_than_bars = re.compile(rf"[^A-Za-z0-9_.~|{re.escape(READABLE)}-]").search


def self_link(request: FhirRequest, parameters: Sequence[tuple[str, str]]) -> Link:
    """The URL of the parameters that were used."""
    is_short = sum([len(name) + len(value) for name, value in parameters]) <= REMEMBERED_LENGTH_MAX
    url = _short_url if is_short else _url
    return Link("self", url(request.base_url, page_path(request), tuple(parameters)))


def further_self_link(request: FhirRequest, parameters: Sequence[tuple[str, str]]) -> Link:
    """As `self_link`, for a further page, with its page token."""
    asked = [pair for pair in request.query if pair[0] == PAGE_PARAMETER]
    return Link("self", _url(request.base_url, page_path(request), [*parameters, *asked]))


def first_link(relation: str, request: FhirRequest, parameters: Sequence[tuple[str, str]]) -> Link:
    """A link to the first page of a new search, with the request's `_format` and `_pretty`."""
    kept = [pair for pair in request.query if pair[0] in PRESENTATION]
    return Link(relation, _url(request.base_url, page_path(request), [*parameters, *kept]))


def page_link(relation: str, request: FhirRequest, token: str) -> Link:
    """A link to a further page, with the request's `_format` and `_pretty`."""
    return first_link(relation, request, [(PAGE_PARAMETER, token)])


def page_token(request: FhirRequest) -> str | None:
    """The page token of a request; None if it has none."""
    return request.parameter(PAGE_PARAMETER)


def check_beside_page(request: FhirRequest, parameters: Sequence[tuple[str, str]], limits: Limits) -> None:
    """Raise `InvalidRequest` for parameters beside a page token that the page would ignore.

    Allowed are the `parameters` of the first page, which the link `self` repeats, and a `_count` that is not
    less than theirs.
    """
    others = [pair for pair in request.query if pair[0] not in PRESENTATION]
    tokens = [name for name, _ in others if name == PAGE_PARAMETER]
    beside = [
        pair[0] for pair in others if pair[0] != PAGE_PARAMETER and not _agrees(pair, parameters, limits)
    ]
    beside += tokens[1:]
    if beside:
        raise InvalidRequest.of(messages.BESIDE_A_PAGE(name=beside[0]), f"http.{beside[0]}")


def _agrees(pair: tuple[str, str], parameters: Sequence[tuple[str, str]], limits: Limits) -> bool:
    """Whether a parameter agrees with those of the first page."""
    if pair[0] == "_count":
        return page_size(pair[1], limits) >= page_size(dict(parameters).get("_count"), limits)
    return pair in parameters


def page_path(request: FhirRequest) -> str:
    """The path that a page token is bound to."""
    return "/".join(searched_path(request))


def searched_path(request: FhirRequest) -> tuple[str, ...]:
    """The path of a search, without the `_search` of a POST."""
    return request.path[:-1] if request.path[-1:] == ("_search",) else request.path


def page_size(count: str | None, limits: Limits) -> int:
    """The page size of `_count`, within the limits; the default if it is absent."""
    if count is None:
        return limits.page_default
    if not (count.isascii() and count.isdecimal()) or len(count) > 9:
        raise InvalidRequest.of(messages.BAD_COUNT(value=count), "http._count")
    return min(int(count), limits.page_max)


@lru_cache(maxsize=REMEMBERED_MAX)
def _short_url(base_url: str, path: str, parameters: tuple[tuple[str, str], ...]) -> str:
    return _url(base_url, path, parameters)


def _url(base_url: str, path: str, parameters: Sequence[tuple[str, str]]) -> str:
    url = f"{base_url}/{path}" if path else base_url
    query = "&".join([f"{_ESCAPED[name]}={_ESCAPED[value]}" for name, value in parameters])
    return f"{url}?{query}" if query else url


def _escape(text: str) -> str:
    return quote_plus(text, safe=READABLE) if _needs_more_than_bars(text) else text.replace("|", "%7C")


_ESCAPED: Memo[str, str] = Memo(_escape)
