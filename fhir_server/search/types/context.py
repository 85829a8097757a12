"""The context in which the parameter types parse values and index elements.

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


def _case_sensitive(_system: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Indexing:
    """How to index elements: the zone of times without one, the server's base URL or, without one, the
    addresses that it listens on, and which code systems are case-insensitive.
    """

    zone: ZoneInfo
    base_url: str = ""
    ignores_case: Callable[[str], bool] = _case_sensitive
    addresses: tuple[str, ...] = ()

    @property
    def base_urls(self) -> tuple[str, ...]:
        """The base URLs of local references."""
        return (self.base_url,) if self.base_url else self.addresses


@dataclass(frozen=True, slots=True)
class Target:
    """The element that an indexer is for: its type, its path and, for codes, their system."""

    parameter: str
    type: str
    path: str = ""
    system: str = ""


class ParseContext(Struct, frozen=True):
    """How to parse a search value: the parameter as the client wrote it, and the time in UTC microseconds.
    URLs below one of `base_urls` are local.

    `type` is set if a reference can only have that target type.
    """

    parameter: str
    zone: ZoneInfo
    now: int
    base_urls: tuple[str, ...] = ()
    type: str | None = None
