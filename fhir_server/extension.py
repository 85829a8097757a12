"""The four kinds of plug-ins by which a care programme extends the engine, and the engine that they use."""

from collections.abc import Callable, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from msgspec import Struct

from fhir_server.codes.terminology import Terminology
from fhir_server.conversion.table import Table
from fhir_server.core.fhirpath import FhirPath
from fhir_server.core.limits import Limits
from fhir_server.core.page_tokens import PageTokens
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.search.ast import SearchQuery
from fhir_server.search.cache import ReferenceTargetCache, SearchCache
from fhir_server.search.extract import Extractor
from fhir_server.search.index_coverage import Pending
from fhir_server.store.port import Store
from fhir_server.validation.checks.check import Resolve
from fhir_server.validation.fhirpath.compiled import StepBudget

Resource = dict[str, Any]


class Change(Struct, frozen=True):
    """The change of one resource by a unit of work: `after` is None for a deletion, `before` for
    a creation.
    """

    type: str
    id: str
    before: Resource | None
    after: Resource | None


class View(Protocol):
    """The state that the unit of work would commit, for rules and reactions. The resources are shared: do not
    modify them.
    """

    def get(self, type: str, id: str) -> Resource | None: ...

    def find(self, query: SearchQuery) -> tuple[Resource, ...]: ...

    def lock(self, key: str) -> None: ...

    def claim_unique(self, key: str, owner: str) -> None: ...


class Rule(Protocol):
    """A rule across resources, checked before the commit and again after the reactions. A rule that counts
    resources takes a lock.
    """

    name: str
    types: frozenset[str]

    def check(self, change: Change, view: View) -> Iterable[Issue]: ...


class Reaction(Protocol):
    """Writes that a change causes in the same commit: whole resources, created or replaced by id."""

    name: str
    types: frozenset[str]

    def react(self, change: Change, view: View) -> Iterable[Resource]: ...


READING_OR_POST = ("GET", "HEAD", "POST")
"""The methods by which most operations may be invoked. https://hl7.org/fhir/R4/operations.html#executing"""


@dataclass(frozen=True, slots=True)
class Operation:
    """A named operation and its handler.

    `levels` are among system, type and instance; empty `types` means every type. `methods` are the allowed
    HTTP methods: only POST if it always changes something. An operation that changes nothing may still need a
    unit of work for the requests for which `is_dry_run` is true. `asks_codes`: it may wait for another
    terminology server. `takes_long`: it reads so much that other requests should not wait for it.
    """

    code: str
    definition: str
    levels: frozenset[str]
    handle: Callable[[FhirRequest, "Engine"], FhirResponse]
    types: frozenset[str] = frozenset()
    methods: tuple[str, ...] = READING_OR_POST
    affects_state: bool = False
    is_dry_run: Callable[[FhirRequest], bool] = lambda _: False
    asks_codes: bool = False
    takes_long: bool = False


Preparation = Callable[["Engine"], bool]
"""A short step of work done in advance of requests; returns whether there is more to do."""


@dataclass(frozen=True, slots=True)
class PlugIns:
    """What a care programme plugs into the engine; `preparations` run in the background after the start."""

    rules: tuple[Rule, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    operations: tuple[Operation, ...] = ()
    records: tuple[Table, ...] = ()
    preparations: tuple[Preparation, ...] = ()


class Validator(Protocol):
    """Checks a parsed resource; returns every problem at once and never raises for bad data.

    `validate` consists of `structure` and, for structurally valid resources, `conformance`. `errors` are the
    errors of `conformance`, without warnings. Validations inside `shared_budget` share one step budget.
    """

    def validate(
        self, resource: object, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]: ...

    def structure(self, resource: object) -> list[Issue]: ...

    def conformance(
        self, resource: Any, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]: ...

    def errors(
        self, resource: Any, profiles: Iterable[str] = (), *, resolve: Resolve | None = None
    ) -> list[Issue]: ...

    def with_registry(self, registry: Registry, codes: Terminology) -> "Validator": ...

    def shared_budget(self) -> AbstractContextManager[StepBudget]: ...


@dataclass(frozen=True, slots=True)
class Software:
    """The software in the CapabilityStatement. `started` is in UTC microseconds."""

    name: str
    version: str
    started: int


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts that interactions use. `now` gives UTC microseconds, `new_id` a logical id never used before.

    `generation` names the definitions that it is for; `pending` are the parameters, by type, whose index does
    not cover every resource; `indexed_otherwise` are the parameters, as (type, code), by which the store's
    resources are indexed otherwise than this process would: while there are any, it cannot write. `watched`
    are the types that some rule or reaction looks at, `rules_of` and `reactions_of` those that look at each.
    `required_profiles` are those, by type, of which a resource must satisfy one.
    """

    store: Store
    registry: Registry
    validator: Validator
    extractor: Extractor
    codes: Terminology
    paths: FhirPath
    tokens: PageTokens
    zone: ZoneInfo
    software: Software
    now: Callable[[], int]
    new_id: Callable[[], str]
    limits: Limits = field(default_factory=Limits)
    search_cache: SearchCache = field(default_factory=SearchCache)
    reference_targets: ReferenceTargetCache = field(default_factory=ReferenceTargetCache)
    conditional_delete_multiple: bool = False
    generation: int = 0
    pending: Pending = field(default_factory=dict)
    indexed_otherwise: tuple[tuple[str, str], ...] = ()
    rules: tuple[Rule, ...] = ()
    reactions: tuple[Reaction, ...] = ()
    operations: tuple[Operation, ...] = ()
    required_profiles: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    watched: frozenset[str] = field(init=False)
    rules_of: Mapping[str, tuple[Rule, ...]] = field(init=False)
    reactions_of: Mapping[str, tuple[Reaction, ...]] = field(init=False)

    def __post_init__(self) -> None:
        types = [rule.types for rule in self.rules] + [reaction.types for reaction in self.reactions]
        watched = frozenset().union(*types)
        rules = {type: tuple(rule for rule in self.rules if type in rule.types) for type in watched}
        reactions = {
            type: tuple(reaction for reaction in self.reactions if type in reaction.types) for type in watched
        }
        object.__setattr__(self, "watched", watched)
        object.__setattr__(self, "rules_of", rules)
        object.__setattr__(self, "reactions_of", reactions)
