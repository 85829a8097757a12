"""A resource as it is to be written: its bytes and its index entries.

Nothing of them depends on what the store holds, but for where conditional references lead, so that they can
be made before the store is locked.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Callable, Mapping

from msgspec import Struct, structs

from fhir_server.core.resource import Draft, draft
from fhir_server.errors import Unprocessable
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.literal_references import check_urns
from fhir_server.interactions.references import (
    ForeseenReferences,
    TargetUnknown,
    led,
    may_hold_conditional_references,
)
from fhir_server.search.entries import Entries
from fhir_server.search.extract import TooManyEntries


class Prepared(Struct, frozen=True):
    """`resource` bears its id; `targets` is where its conditional references were taken to lead."""

    resource: Resource
    draft: Draft
    entries: Entries
    targets: Mapping[str, str]


def prepared(resource: Resource, id: str, engine: Engine, target: Callable[[str], str]) -> Prepared:
    """The resource under `id`, its conditional references replaced by their targets. Raises `InvalidRequest`
    for a reference that only a Bundle could give a target, `Unprocessable` for more entries than a resource
    may have, and what `target` raises.
    """
    made = draft(resource, id)
    check_urns(resource, made.tail)
    if may_hold_conditional_references(made.tail):
        resource = led(resource, target)
        made = draft(resource, id)
    whole = {**resource, "id": id}
    return Prepared(whole, made, _entries(whole, engine), {})


def _entries(resource: Resource, engine: Engine) -> Entries:
    limit = engine.limits.index_entries_max
    try:
        return engine.extractor.entries(resource, limit)
    except TooManyEntries as error:
        text = messages.TOO_MUCH_TO_INDEX(limit=limit)
        raise Unprocessable.of(text, resource["resourceType"], code="too-costly") from error


def foreseen(resource: Resource, id: str, engine: Engine) -> Prepared | None:
    """The same before there is a unit of work; None where nobody can tell where a reference leads."""
    references = ForeseenReferences(engine)
    try:
        found = prepared(resource, id, engine, references.target)
    except TargetUnknown:
        return None
    return structs.replace(found, targets=references.targets)
