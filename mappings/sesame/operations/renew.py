"""CarePlan/[id]/$renew: completes a sequence and opens the next, in one commit with its claim.

Sent again, it returns the sequence that it opened the first time.
"""

from collections.abc import Iterator
from datetime import date
from functools import partial
from itertools import count

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import BusinessRule
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.interactions.changeset import Changeset
from fhir_server.interactions.engines import transact
from fhir_server.interactions.input_validation import accept_for_create
from fhir_server.interactions.unit_view import UnitView
from fhir_server.issues import Issue
from fhir_server.operations.parameters import single_parameters
from fhir_server.store.port import StoredResource, UnitOfWork
from mappings.sesame.billing.billing import Billing
from mappings.sesame.guide import Guide
from mappings.sesame.operations import messages
from mappings.sesame.operations.parameter_parsing import parse_day
from mappings.sesame.operations.store_records import addressed_resource
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import Records, find_by_identifier
from mappings.sesame.pathway.renewal import Renewal, renewal_of
from mappings.sesame.pathway.sequence import Sequence, sequence_of, sequences_of_person
from mappings.sesame.resources.care_plan import rank_extension, title


def renew(billing: Billing) -> Operation:
    """The operation."""
    return Operation(
        code="renew",
        definition=billing.guide.canonical("OperationDefinition", "careplan-renew"),
        levels=frozenset({"instance"}),
        handle=partial(_renew, billing.guide),
        types=frozenset({"CarePlan"}),
        methods=("POST",),
        affects_state=True,
    )


def _renew(guide: Guide, request: FhirRequest, engine: Engine) -> FhirResponse:
    start = parse_day("start", single_parameters(request, ("start",)).get("start"))
    stored = transact(engine, partial(_renewed, guide, request, engine, start))
    return FhirResponse(200, body=stored.body, version=stored.version, last_updated=stored.last_updated)


def _renewed(
    guide: Guide, request: FhirRequest, engine: Engine, start: date | None, unit: UnitOfWork
) -> StoredResource:
    """The next sequence: the one opened before, otherwise a new one.

    Everything is read in the unit of work that writes, which alone is sure to see the latest commits.
    """
    sequence = addressed_sequence(guide, request, engine, unit)
    view = UnitView(unit, engine)
    lock_references_to(view, "Patient", sequence.patient)
    everything = sequences_of_person(guide, view, sequence.patient)
    follower = next((one for one in everything if one.previous == sequence.id), None)
    if follower and start in (None, follower.start):
        found = unit.read("CarePlan", follower.id)
        assert found is not None, "what the unit has found is on record"
        return found
    renewal = renewal_of(sequence, everything, view, start)
    if renewal.obstacles:
        issues = [Issue("error", "business-rule", text, ("CarePlan",)) for text in renewal.obstacles]
        raise BusinessRule(*issues)
    opened = _opened(guide, sequence, renewal, _number(guide, sequence, view))
    return _committed(request, engine, sequence, opened, unit)


def addressed_sequence(
    guide: Guide, request: FhirRequest, engine: Engine, unit: UnitOfWork | None = None
) -> Sequence:
    """The sequence in the path, read from the unit of work or else the store.

    Raises `BusinessRule` for a CarePlan that is not a sequence.
    """
    sequence = sequence_of(guide, addressed_resource(request, engine, unit))
    if sequence is None:
        raise BusinessRule.of(messages.NO_SEQUENCE(), "CarePlan")
    return sequence


def _number(guide: Guide, sequence: Sequence, records: Records) -> str:
    """An unused number for the next sequence."""
    system = guide.naming_system("care-plan")
    free = (one for one in _numbers(sequence) if find_by_identifier(records, "CarePlan", system, one) is None)
    return next(free)


def _numbers(sequence: Sequence) -> Iterator[str]:
    """Candidate numbers: the present one with the next rank at its end, then longer ones if that is taken."""
    rank = sequence.rank + 1
    yield f"{sequence.number.removesuffix(f'-{sequence.rank}')}-{rank}"
    yield f"{sequence.number}-{rank}"
    yield from (f"{sequence.number}-{rank}-{again}" for again in count(2))


def _opened(guide: Guide, sequence: Sequence, renewal: Renewal, number: str) -> Resource:
    """The next sequence: a copy of the present one with its own rank, number and period."""
    ranked = rank_extension(guide, renewal.rank)
    plan = {name: value for name, value in sequence.plan.items() if name not in ("id", "text")}
    kept = [one for one in plan["extension"] if one.get("url") != ranked["url"]]
    return plan | {
        "extension": [ranked, *kept],
        "identifier": [{"system": guide.naming_system("care-plan"), "value": number}],
        "replaces": [{"reference": f"CarePlan/{sequence.id}"}],
        "status": "active",
        "title": title(guide, sequence.track, renewal.rank),
        "period": {"start": renewal.start.isoformat(), "end": renewal.end.isoformat()},
    }


def _committed(
    request: FhirRequest, engine: Engine, sequence: Sequence, opened: Resource, unit: UnitOfWork
) -> StoredResource:
    """Complete one sequence and create the other atomically; returns the new one as it was stored."""
    changeset = Changeset(unit, engine, request.base_url)
    if not sequence.is_over:
        current = unit.read("CarePlan", sequence.id)
        changeset.put(sequence.plan | {"status": "completed"}, sequence.id, "PUT", current)
    asked = accept_for_create(opened, "CarePlan", engine, reader=unit)
    stored = changeset.put(asked.resource, engine.new_id(), "POST")
    changeset.settle()
    return changeset.last_version(stored)
