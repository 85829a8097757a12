"""The writes of a transaction, prepared speculatively before the store is locked for it.

Ids, links and conditional references depend on what the store holds when the transaction runs. The prepared
writes are used if they still hold then, and made again otherwise: speculation changes only the time it takes.
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
from fhir_server.interactions.entry_links import EntryLinks, Identities
from fhir_server.interactions.literal_references import place_of
from fhir_server.interactions.prepared_write import PreparedWrite, prepare_speculatively


class LinkedResource(Struct, frozen=True):
    """A resource with its links to other entries resolved, its references, and its prepared write."""

    resource: Resource
    references: list[str]
    prepared: PreparedWrite | None = None


class SpeculativeWrites(Struct, frozen=True):
    """Writes that hold for certain identities, by the index of their entry."""

    identities: Identities
    writes: Mapping[int, LinkedResource]

    def valid_for(self, identities: Identities) -> Mapping[int, LinkedResource]:
        """The writes, if they were prepared for these identities; none otherwise."""
        return self.writes if identities == self.identities else {}


def speculate(
    entries: Iterable[Entry],
    resources: Mapping[int, Resource],
    ids: Mapping[int, str],
    conditions: Mapping[int, Criteria],
    engine: Engine,
) -> SpeculativeWrites:
    """Prepare the writes of creates and updates. All mappings are by the index of the entry.

    Assumes that each create gets its id of `ids`, and that each conditional update changes the current match
    of its `conditions`. Where a target is unknown, as that of a PATCH always is, nothing is prepared.
    """
    writing = entries_by_method(entries, "POST", "PUT", "PATCH")
    identities = Identities(writing[0].request.base_url if writing else "")
    targets: dict[int, str] = {}
    for entry in writing:
        target = (
            _target(entry, ids, conditions.get(entry.index), engine) if entry.index in resources else None
        )
        if target is None:
            return SpeculativeWrites(identities, {})
        reference, version = target
        identities.add(entry.full_url, reference, version, resources[entry.index])
        targets[entry.index] = reference.partition("/")[2]
    links = EntryLinks(engine.registry, identities)
    writes: dict[int, LinkedResource] = {}
    for entry in writing:
        # An error is raised again, and reported, when the entry is written.
        with suppress(FhirError):
            found = link_resource(entry, resources[entry.index], links)
            prepared = prepare_speculatively(found.resource, targets[entry.index], engine)
            writes[entry.index] = structs.replace(found, prepared=prepared)
    return SpeculativeWrites(identities, writes)


def link_resource(entry: Entry, resource: Resource, links: EntryLinks) -> LinkedResource:
    """The resource of an entry with its links resolved. Raises `InvalidRequest` for a urn that is no entry's
    fullUrl.
    """
    found, references = links.rewritten(resource, entry.full_url)
    for reference in references:
        if reference.startswith("urn:"):
            raise InvalidRequest.of(messages.DANGLING_URN(reference=reference), place_of(found, reference))
    return LinkedResource(found, references)


def _target(
    entry: Entry, ids: Mapping[int, str], condition: Criteria | None, engine: Engine
) -> tuple[str, int] | None:
    """The reference that an entry writes and its next version; None if they cannot be known without I/O."""
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
