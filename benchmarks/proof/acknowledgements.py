"""The billing system acknowledges each claim with one Task, however often it is sent.

https://hl7.org/fhir/R4/task.html
"""

from collections.abc import Iterable, Iterator

from benchmarks.proof.ledger import Event
from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import identifier
from mappings.sesame.resources.elements import synthetic
from mappings.sesame.resources.task import claim_acknowledgement
from mappings.sesame.transaction import create, transaction

ACKNOWLEDGEMENTS = "https://facturation.example/accuse"
BATCH_SIZE = 20


def acknowledgements(guide: Guide, events: Iterable[Event]) -> Iterator[tuple[Resource, ...]]:
    """Bundles of Tasks that acknowledge the claims as received; they may be sent in any order."""
    yield ()
    tasks = [create(synthetic(guide, _task(guide, event))) for event in events]
    for first in range(0, len(tasks), BATCH_SIZE):
        yield (transaction(tasks[first : first + BATCH_SIZE]),)


def _task(guide: Guide, event: Event) -> Resource:
    return claim_acknowledgement(
        guide,
        identifier=identifier(ACKNOWLEDGEMENTS, event.number),
        claim={"reference": f"Claim/{event.id}"},
        state="received",
        authored_on=f"{event.start.isoformat()}T18:00:00+02:00",
    )
