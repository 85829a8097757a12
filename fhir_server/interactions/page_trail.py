"""The links `previous`: a page's keyset does not tell where the page before it began.

The server keeps no state: a page token carries the keysets of the pages before, as far back as space allows.
https://hl7.org/fhir/R4/http.html#paging
"""

from collections.abc import Callable, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from fhir_server.core.bundle import Link
from fhir_server.core.request import FhirRequest
from fhir_server.interactions.bundle_links import first_link, further_self_link, page_link, self_link

BYTES_MAX = 512
"""The most bytes of a page token for the pages before: some fifty pages of a search without `_sort`."""


class PageTrail(Struct, frozen=True, array_like=True):
    """The number of a page, from 1, and the keysets of the pages before it, without the first page and those
    too far back.
    """

    number: int = 1
    begins: tuple[Any, ...] = ()

    def onward(self, begin: Any) -> "PageTrail":
        """The trail of the next page; this one begins at `begin`."""
        if self.number == 1:
            return PageTrail(2)
        begins = [*self.begins, begin]
        while len(msgspec.msgpack.encode(begins)) > BYTES_MAX:
            del begins[0]
        return PageTrail(self.number + 1, tuple(begins))

    def back(self) -> "PageTrail":
        """The trail of the previous page."""
        return PageTrail(self.number - 1, self.begins[:-1])


FIRST_PAGE = PageTrail()


def page_links(
    request: FhirRequest,
    parameters: Sequence[tuple[str, str]],
    trail: PageTrail,
    begin: Any,
    following: Any,
    token: Callable[[Any, PageTrail], str],
) -> list[Link]:
    """The links of a page that begins at `begin`: self, first and previous on a further page, and next to the
    page that begins at `following`, if there is one. `token` makes the page token of a keyset and its trail.
    """
    if trail.number == 1:
        links = [self_link(request, parameters)]
    else:
        links = [further_self_link(request, parameters), first_link("first", request, parameters)]
    if trail.number == 2:
        links.append(first_link("previous", request, parameters))
    elif trail.begins:
        links.append(page_link("previous", request, token(trail.begins[-1], trail.back())))
    if following is not None:
        links.append(page_link("next", request, token(following, trail.onward(begin))))
    return links
