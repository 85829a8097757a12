"""What the files of the parameter types are given to read values and to index elements.

https://hl7.org/fhir/R4/search.html#ptypes
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct

from fhir_server.search.entries import Entries

Indexer = Callable[[Any, Entries], None]
"""Adds the entries of one element's value."""


def _tells_case(_system: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Indexing:
    """How elements become entries: the zone of times that have none, this server's own base URL, or the
    addresses where it listens for want of one, and which code systems do not tell case apart.
    """

    zone: ZoneInfo
    base_url: str = ""
    ignores_case: Callable[[str], bool] = _tells_case
    addresses: tuple[str, ...] = ()

    @property
    def base_urls(self) -> tuple[str, ...]:
        """Below which a reference is local."""
        return (self.base_url,) if self.base_url else self.addresses


@dataclass(frozen=True, slots=True)
class Target:
    """The element that an indexer is for: its type, its path, and for codes the system they come from."""

    parameter: str
    type: str
    path: str = ""
    system: str = ""


class Reading(Struct, frozen=True):
    """How a search value is read: for which parameter, as the client wrote it, and at what time (UTC
    microseconds). What lies below one of `base_urls` is of this server.

    `type` is set where a reference can only be of that type.
    """

    parameter: str
    zone: ZoneInfo
    now: int
    base_urls: tuple[str, ...] = ()
    type: str | None = None
