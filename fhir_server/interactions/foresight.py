"""What a transaction will most likely write, made before the store is locked for it.

Ids, links and conditional references follow from what the store holds when it is the transaction's turn. What
comes out as it was foreseen is ready then; all else is made anew, so that only time depends on it.
https://hl7.org/fhir/R4/http.html#trules
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from msgspec import Struct, structs

from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.extension import Engine, Resource
from fhir_server.interactions import messages
from fhir_server.interactions.bundle_entries import Entry, entries_by_method
from fhir_server.interactions.criteria import Criteria, find_likely_match
from fhir_server.interactions.literal_references import place_of
from fhir_server.interactions.prepared import Prepared, foreseen
from fhir_server.interactions.references import EntryLinks, Identities


class Linked(Struct, frozen=True):
    """A resource with its links to other entries settled, its references, and what was made of it."""

    resource: Resource
    references: list[str]
    prepared: Prepared | None = None


class Foresight(Struct, frozen=True):
    """The writes that go with some identities, by the index of their entry."""

    identities: Identities
    writes: Mapping[int, Linked]

    def given(self, identities: Identities) -> Mapping[int, Linked]:
        """What holds when these are the identities."""
        return self.writes if identities == self.identities else {}


def foresee(
    entries: Iterable[Entry],
    resources: Mapping[int, Resource],
    ids: Mapping[int, str],
    conditions: Mapping[int, Criteria],
    engine: Engine,
) -> Foresight:
    """What the `resources` of creates and updates become, by the index of their entry, where every create
    gets its id of `ids` and every update changes the resource that meets its one of `conditions` at this
    moment. What a PATCH makes of a resource cannot be foreseen.
    """
    writing = entries_by_method(entries, "POST", "PUT", "PATCH")
    identities = Identities(writing[0].request.base_url if writing else "")
    targets: dict[int, str] = {}
    for entry in writing:
        target = (
            _target(entry, ids, conditions.get(entry.index), engine) if entry.index in resources else None
        )
        if target is None:
            return Foresight(identities, {})
        reference, version = target
        identities.add(entry.full_url, reference, version, resources[entry.index])
        targets[entry.index] = reference.partition("/")[2]
    links = EntryLinks(engine.registry, identities)
    writes: dict[int, Linked] = {}
    for entry in writing:
        # What is wrong is told when it is the entry's turn.
        with suppress(FhirError):
            found = linked(entry, resources[entry.index], links)
            prepared = foreseen(found.resource, targets[entry.index], engine)
            writes[entry.index] = structs.replace(found, prepared=prepared)
    return Foresight(identities, writes)


def linked(entry: Entry, resource: Resource, links: EntryLinks) -> Linked:
    """The resource of an entry with its links. Raises `InvalidRequest` for a urn that no entry bears, as that
    leads nowhere.
    """
    found, references = links.rewritten(resource, entry.full_url)
    for reference in references:
        if reference.startswith("urn:"):
            raise InvalidRequest.of(messages.DANGLING_URN(reference=reference), place_of(found, reference))
    return Linked(found, references)


def _target(
    entry: Entry, ids: Mapping[int, str], condition: Criteria | None, engine: Engine
) -> tuple[str, int] | None:
    """What an entry writes, and its next version; None where that cannot be told without waiting."""
    path, store = entry.request.path, engine.store
    if entry.index in ids:
        return f"{path[0]}/{ids[entry.index]}", 1
    if not store.capabilities.in_loop:
        return None
    if len(path) == 2:
        current = store.read(*path)
        return "/".join(path), current.version + 1 if current else 1
    match = find_likely_match(engine, condition, entry.request.base_url) if condition else None
    return (match.reference, match.version + 1) if match else None
