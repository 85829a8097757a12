"""Claim/$billing-feed: each claim issued or cancelled, once, in the order of commits.

An event is the version of a Claim that issued it (active) or cancelled it (cancelled); other versions are not
events. The cursor is a commit sequence, so it cannot skip a claim committed late. It stays valid until the
store is restored from a backup, and the same cursor always gives the same events. As CSV, each row is an
event and contains the cursor after it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from fhir_server.core import json
from fhir_server.core.bundle import Link, bundle, entry
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.interactions.bundle_links import page_size, self_link
from fhir_server.operations.cursors import open_cursor, seal_cursor
from fhir_server.operations.parameters import single_parameters
from fhir_server.store.port import StoredResource
from mappings.sesame.billing.csv_columns import columns, csv_row
from mappings.sesame.billing.feed_resources import FeedClaim, decode_feed_claim, minimal_feed_patient
from mappings.sesame.guide import Guide
from mappings.sesame.operations.parameter_parsing import parse_choice
from mappings.sesame.resources.claim import FORFAIT
from mappings.sesame.tables import csv_response

AFTER = "after"
OUTPUTS = ("json", "csv")
BATCH_SIZE = 500
"""Versions read from the store at a time."""


@dataclass(frozen=True, slots=True)
class Event:
    """The version that issued or cancelled a claim, and its decoded claim."""

    version: StoredResource
    claim: FeedClaim


def billing_feed(guide: Guide) -> Operation:
    """The operation."""
    return Operation(
        code="billing-feed",
        definition=guide.canonical("OperationDefinition", "claim-billing-feed"),
        levels=frozenset({"type"}),
        handle=partial(_feed, guide),
        types=frozenset({"Claim"}),
    )


def _feed(guide: Guide, request: FhirRequest, engine: Engine) -> FhirResponse:
    asked = single_parameters(request, (AFTER, "_count", "output"))
    output = parse_choice("output", asked.get("output"), OUTPUTS)
    after = open_cursor(request, engine, asked.get(AFTER))
    count = page_size(asked.get("_count"), engine.limits)
    watermark = engine.store.watermark()
    kinds = guide.canonical("CodeSystem", "sesame-claim-subtype")
    events, reached = _events(kinds, engine, after, count)
    if output == "csv":
        return _table(guide, events, request, engine)
    # Nothing is left below the watermark, so the next call starts there.
    at = reached if len(events) >= count else max(watermark, reached)
    following = f"{request.base_url}/Claim/$billing-feed?{AFTER}={seal_cursor(request, engine, at)}"
    size = f"&_count={asked['_count']}" if "_count" in asked else ""
    entries = [
        entry(f"{request.base_url}/Claim/{event.version.id}", event.version.body, search={"mode": "match"})
        for event in events
    ]
    entries += _partners(events, request, engine)
    links = [self_link(request, request.query), Link("next", following + size)]
    return FhirResponse(200, body=bundle("searchset", entries, links))


def _table(guide: Guide, events: list[Event], request: FhirRequest, engine: Engine) -> FhirResponse:
    found = columns(guide, engine)
    versions = [event.version for event in events]
    rows = (
        csv_row(found, json.parse_own(version.body), seal_cursor(request, engine, version.sequence))
        for version in versions
    )
    return csv_response([column.name for column in found], rows)


def _events(kinds: str, engine: Engine, after: int, count: int) -> tuple[list[Event], int]:
    """The next events, and the sequence of the last version read."""
    events: list[Event] = []
    reached = after
    while len(events) < count:
        versions = engine.store.changes(reached, BATCH_SIZE, ("Claim",))
        for version in versions:
            reached = version.sequence
            claim = None if version.deleted else decode_feed_claim(version.body)
            if claim and claim.is_of(kinds, FORFAIT):
                if _is_event(claim, version, engine):
                    events.append(Event(version, claim))
                if len(events) == count:
                    return events, reached
        if len(versions) < BATCH_SIZE:
            break
    return events, reached


def _is_event(claim: FeedClaim, version: StoredResource, engine: Engine) -> bool:
    if claim.status == "active":
        return version.version == 1
    if claim.status != "cancelled" or version.version == 1:
        return False
    before = engine.store.read_version("Claim", version.id, version.version - 1)
    return before is not None and not before.deleted and decode_feed_claim(before.body).status == "active"


def _partners(events: list[Event], request: FhirRequest, engine: Engine) -> Iterator[bytes]:
    """The entries of the claims' patients, coverages and insurers, each once."""
    wanted = dict.fromkeys(partner for event in events for partner in event.claim.partners())
    for type, id in wanted:
        stored = engine.store.read(type, id)
        if stored is not None and not stored.deleted:
            body = minimal_feed_patient(stored.body) if type == "Patient" else stored.body
            yield entry(f"{request.base_url}/{type}/{id}", body, search={"mode": "include"})
