"""What every interaction works with, put together once by bootstrap."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from fhir_server.core.fhirpath import FhirPath
from fhir_server.core.limits import Limits
from fhir_server.core.tokens import PageTokens
from fhir_server.definitions.registry import Registry
from fhir_server.extension import Operation, Reaction, Rule
from fhir_server.issues import Issue
from fhir_server.search.extract import Extractor
from fhir_server.store.port import Store


class Validator(Protocol):
    """Checks a parsed resource; yields every problem at once and never raises for bad data."""

    def validate(self, resource: object) -> list[Issue]: ...


@dataclass(frozen=True, slots=True)
class Software:
    """What the CapabilityStatement says of this server. `started` in UTC microseconds."""

    name: str
    version: str
    started: int


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that interactions use. `now` gives UTC microseconds, `new_id` a logical id never used
    before.
    """

    store: Store
    registry: Registry
    validator: Validator
    extractor: Extractor
    paths: FhirPath
    tokens: PageTokens
    zone: ZoneInfo
    software: Software
    now: Callable[[], int]
    new_id: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    conditional_delete_multiple: bool = False
    rules: tuple[Rule, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    operations: tuple[Operation, ...] = ()
    guide: tuple[Mapping[str, Any], ...] = ()
