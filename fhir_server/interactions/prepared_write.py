"""A resource ready to be written: its bytes and its index entries.

They depend on the store only through the targets of conditional references, so they can be made before the
store is locked.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from fhir_server.core.resource import Draft, draft
from fhir_server.errors import Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.conditional_references import (
    SpeculativeReferences,
    UnknownTarget,
    may_hold_conditional_references,
    resolve_conditional_references,
)
from fhir_server.interactions.literal_references import check_urns
from fhir_server.search.entries import Entries
from fhir_server.search.extract import TooManyEntries


class PreparedWrite(Struct, frozen=True):
    """`resource` has its id. `targets` are the assumed targets of its conditional references."""

    resource: Resource
    draft: Draft
    entries: Entries
    targets: Mapping[str, str]


def prepare_write(resource: Resource, id: str, engine: Engine, target: Callable[[str], str]) -> PreparedWrite:
    """The write of a resource under `id`, with its conditional references replaced by their `target`.

    Raises `InvalidRequest` for a reference that only resolves within a Bundle, `Unprocessable` for too many
    index entries, and what `target` raises.
    """
    made = draft(resource, id)
    check_urns(resource, made.tail)
    if may_hold_conditional_references(made.tail):
        resource = resolve_conditional_references(resource, target)
        made = draft(resource, id)
    whole = {**resource, "id": id}
    return PreparedWrite(whole, made, _entries(whole, engine), {})


def _entries(resource: Resource, engine: Engine) -> Entries:
    limit = engine.limits.index_entries_max
    try:
        return engine.extractor.entries(resource, limit)
    except TooManyEntries as error:
        text = messages.TOO_MUCH_TO_INDEX(limit=limit)
        raise Unprocessable.of(text, resource["resourceType"], code="too-costly") from error


def prepare_speculatively(resource: Resource, id: str, engine: Engine) -> PreparedWrite | None:
    """As `prepare_write`, outside of a unit of work, with the cached targets of conditional references; None
    where one is not cached.
    """
    references = SpeculativeReferences(engine)
    try:
        found = prepare_write(resource, id, engine, references.target)
    except UnknownTarget:
        return None
    return structs.replace(found, targets=references.targets)
