"""The dispatcher: routes every request, and every entry of a Bundle, to its interaction or operation.

https://hl7.org/fhir/R4/http.html
"""

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import ContentTooLarge, FhirError, InvalidRequest, MalformedContent, StoreUnavailable
from fhir_server.extension import Engine
from fhir_server.interactions import messages
from fhir_server.interactions.batch import Dispatch, batch
from fhir_server.interactions.bundle_entries import READING
from fhir_server.interactions.capabilities import capabilities
from fhir_server.interactions.create import create
from fhir_server.interactions.delete import conditional_delete, delete
from fhir_server.interactions.engines import DefinitionsChanged, Engines, Work, Write, transact
from fhir_server.interactions.history import history
from fhir_server.interactions.input_validation import accept_resource
from fhir_server.interactions.operation_lookup import OperationLookup
from fhir_server.interactions.patch import conditional_patch, patch
from fhir_server.interactions.read import read, vread
from fhir_server.interactions.routes import Interaction, interaction_of
from fhir_server.interactions.search import search
from fhir_server.interactions.transaction import Transaction
from fhir_server.interactions.unit_operations import BeyondUnit, handled
from fhir_server.interactions.update import conditional_update, update
from fhir_server.store.port import Reader, UnitOfWork

T = TypeVar("T")
Read = Callable[[FhirRequest, Engine, Reader], FhirResponse]
Commit = Callable[[], FhirResponse]
"""Commits a prepared request and returns its response."""

READS: dict[Interaction, Read] = {"read": read, "vread": vread, "history": history, "search": search}
WRITES: dict[Interaction, Write] = {
    "create": create,
    "update": update,
    "conditional_update": conditional_update,
    "patch": patch,
    "conditional_patch": conditional_patch,
    "delete": delete,
    "conditional_delete": conditional_delete,
}
NEEDS_DEFINITIONS: frozenset[Interaction] = frozenset({"capabilities", "operation"})
"""Interactions that need the current definitions; searches and writes check these themselves."""

ATTEMPTS_MAX = 10
ALWAYS_INDEXED = frozenset(
    {"identifier", "_id", "_lastUpdated", "_count", "_elements", "_format", "_summary"}
)
"""Parameters whose index is never behind the last write."""

NOT_AN_ID = frozenset({"$", "_"})
"""First characters of a last path segment that is no id."""

PLACEHOLDER = {"resource": {"resourceType": "Parameters"}}
"""Replaces the resource of an entry that has nothing else, as an empty entry would be invalid."""


class Dispatcher:
    """Dispatches requests to the engine with the current definitions. Independent of the transport."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._operations = OperationLookup(engines.latest().operations)

    def dispatch(self, request: FhirRequest) -> FhirResponse:
        """The response to a request. Raises a `FhirError` for every refusal."""
        return self._dispatched(request, self._answer, self._engines.current)

    def _dispatch_with_own_writes(self, request: FhirRequest) -> FhirResponse:
        """As `dispatch`, but reads see this thread's uncommitted writes."""
        return self._dispatched(request, self._answer_with_own_writes, self._engines.renewed)

    def _dispatched(
        self,
        request: FhirRequest,
        answer: Callable[[Interaction, FhirRequest, Engine], FhirResponse],
        for_search: Callable[[], Engine],
    ) -> FhirResponse:
        engine = self._engines.latest()
        asked = interaction_of(request, engine.registry)
        if asked in NEEDS_DEFINITIONS:
            engine = self._engines.current()
        for _ in range(ATTEMPTS_MAX):
            try:
                return answer(asked, request, engine)
            except DefinitionsChanged:
                engine = for_search() if asked == "search" else self._engines.renewed()
        raise StoreUnavailable.of(messages.DEFINITIONS_CHANGING())

    def prepare(self, request: FhirRequest) -> Commit:
        """Do what needs no unit of work, which blocks all other writers, and return the commit. Both raise as
        `dispatch` does.
        """
        engine = self._engines.latest()
        write = _write_of(interaction_of(request, engine.registry), request)
        if write is None:
            return partial(self.dispatch, request)
        try:
            return partial(self._commit, request, engine, write(request, engine))
        except FhirError:
            if engine.store.generation() == engine.generation:
                raise
            return partial(self.dispatch, request)

    def _commit(self, request: FhirRequest, engine: Engine, work: Work) -> FhirResponse:
        """Commit a prepared write; dispatch it again if the definitions have changed since."""
        try:
            return transact(engine, work)
        except DefinitionsChanged:
            return self.dispatch(request)

    def is_read_by_id(self, request: FhirRequest) -> bool:
        """Whether this reads one resource by its id, which takes microseconds and never blocks."""
        return request.method == "GET" and len(request.path) == 2 and request.path[1][:1] not in NOT_AN_ID

    def is_blocking(self, request: FhirRequest) -> bool:
        """Whether the request always blocks, on the store (writes) or on another terminology server."""
        if not _is_operation(request):
            return request.method not in READING and request.path[-1:] != ("_search",)
        return self._may_write(request) or self._asks_elsewhere(request)

    def may_block(self, request: FhirRequest) -> bool:
        """Whether the request may block now: as `is_blocking`, or a search while the index is behind."""
        if self.is_blocking(request):
            return True
        return _searches(request) and not self._engines.latest().store.is_index_current()

    def takes_long(self, request: FhirRequest) -> bool:
        """Whether the request is known to take long without blocking."""
        return _is_operation(request) and any(
            operation.takes_long for operation in self._operations.named(request)
        )

    def _may_write(self, request: FhirRequest) -> bool:
        """Whether an operation may need a unit of work."""
        reads, named = request.method in READING, self._operations.named(request)
        return any(
            (operation.affects_state and not reads) or operation.is_dry_run(request) for operation in named
        )

    def _asks_elsewhere(self, request: FhirRequest) -> bool:
        if not self._engines.latest().codes.has_remote:
            return False
        return any(operation.asks_codes for operation in self._operations.named(request))

    def _answer(self, asked: Interaction, request: FhirRequest, engine: Engine) -> FhirResponse:
        if asked in READS:
            return READS[asked](request, engine, engine.store)
        if write := _write_of(asked, request):
            return transact(engine, _checked(write, request, engine))
        if asked == "capabilities":
            return capabilities(request, engine)
        if asked == "bundle":
            return self._batch(request, engine, self.dispatch)
        return self._operations.asked(request).handle(request, engine)

    def _batch(self, request: FhirRequest, engine: Engine, dispatch: Dispatch) -> FhirResponse:
        with engine.validator.shared_budget():
            contents = _checked(_validated_entries, request, engine)
            return batch(request, contents, dispatch, self._dispatch_with_own_writes)

    def _answer_with_own_writes(
        self, asked: Interaction, request: FhirRequest, engine: Engine
    ) -> FhirResponse:
        if asked in READS:
            return transact(engine, lambda unit: READS[asked](request, engine, unit))
        if asked == "operation":
            operation = self._operations.asked(request)
            with suppress(BeyondUnit):
                return transact(engine, lambda unit: handled(operation, request, engine, unit))
        if asked == "bundle" and _write_of(asked, request) is None:
            return self._batch(request, engine, self._dispatch_with_own_writes)
        return self._answer(asked, request, engine)


def _write_of(asked: Interaction, request: FhirRequest) -> Write | None:
    """The preparation of a write interaction or a transaction; None for anything else. A batch is none: its
    entries are requests of their own.
    """
    if asked != "bundle":
        return WRITES.get(asked)
    is_batch = isinstance(request.content, dict) and request.content.get("type") == "batch"
    return None if is_batch else _transaction


def _checked(check: Callable[[FhirRequest, Engine], T], request: FhirRequest, engine: Engine) -> T:
    """The result of `check`. Where it refuses by outdated definitions, raises `DefinitionsChanged` instead:
    this thread may have changed them without a commit yet.
    """
    try:
        return check(request, engine)
    except FhirError:
        if engine.store.transact(lambda unit: unit.generation()) != engine.generation:
            raise DefinitionsChanged from None
        raise


def _transaction(request: FhirRequest, engine: Engine) -> Work:
    contents, read = _validated_entries(request, engine), partial(read_in_unit, engine)
    return Transaction(request, contents, engine, read, judged=_claims_profile(request)).work


def _validated_entries(request: FhirRequest, engine: Engine) -> list[dict[str, Any]]:
    """The entries of a Bundle. One that claims profiles is validated as a whole."""
    contents = entries_of(request, engine)
    if _claims_profile(request):
        accept_resource(request.content, "Bundle", engine)
    return contents


def _claims_profile(request: FhirRequest) -> bool:
    """Whether a Bundle claims a profile."""
    return bool(request.content.get("meta", {}).get("profile"))


def _is_operation(request: FhirRequest) -> bool:
    return bool(request.path) and request.path[-1].startswith("$")


def _searches(request: FhirRequest) -> bool:
    """Whether a read needs an index that may be behind the last write."""
    path = request.path
    if path and (path[-1] == "_search" or path[-1].startswith("$")):
        return True
    if len(path) == 2 or "_history" in path or path == ("metadata",):
        return False
    return not ALWAYS_INDEXED.issuperset([name for name, _ in request.query])


def read_in_unit(engine: Engine, request: FhirRequest, unit: UnitOfWork) -> FhirResponse:
    """The response to a reading entry of a transaction, which sees the transaction's writes."""
    asked = interaction_of(request, engine.registry)
    if asked in READS:
        return READS[asked](request, engine, unit)
    if asked == "capabilities":
        return capabilities(request, engine)
    if asked == "operation":
        with suppress(BeyondUnit):
            return handled(OperationLookup(engine.operations).asked(request), request, engine, unit)
    text = messages.NOT_IN_TRANSACTION(method=request.method, url="/".join(request.path))
    raise InvalidRequest.of(text)


def entries_of(request: FhirRequest, engine: Engine) -> list[dict[str, Any]]:
    """The entries of a Bundle that is a batch or a transaction, within the limit."""
    content, limit = request.content, engine.limits.bundle_entries_max
    if not isinstance(content, dict) or content.get("resourceType") != "Bundle":
        raise InvalidRequest.of(messages.BODY_NEEDED(type="Bundle"))
    type = content.get("type")
    if isinstance(type, str) and type not in ("batch", "transaction"):
        raise InvalidRequest.of(messages.NOT_A_BATCH(type=type), "Bundle.type")
    entries = content.get("entry", [])
    if isinstance(entries, list) and len(entries) > limit:
        text = messages.TOO_MANY_ENTRIES(count=len(entries), limit=limit)
        raise ContentTooLarge.of(text, "Bundle.entry", code="too-costly")
    issues = engine.validator.structure(_without_resources(content))
    if issues:
        raise MalformedContent(*issues)
    return list(entries)


def _without_resources(content: dict[str, Any]) -> dict[str, Any]:
    """The Bundle without its resources, each of which is validated with its own request."""
    entries = content.get("entry")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return content
    return {
        **content,
        "entry": [_without_resource(entry) if "resource" in entry else entry for entry in entries],
    }


def _without_resource(entry: dict[str, Any]) -> dict[str, Any]:
    shell = {name: value for name, value in entry.items() if name != "resource"}
    return shell or PLACEHOLDER
