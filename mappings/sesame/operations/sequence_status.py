"""CarePlan/[id]/$sequence-status: the state of a sequence, what billing lacks, and whether it
is renewable.
"""

from functools import partial

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with_values
from fhir_server.operations.parameters import single_parameters
from mappings.sesame.billing.billing import Billing
from mappings.sesame.operations.parameter_parsing import day_or_today
from mappings.sesame.operations.renew import addressed_sequence
from mappings.sesame.operations.store_records import StoreRecords
from mappings.sesame.pathway.renewal import renewal_of
from mappings.sesame.pathway.sequence import sequences_of_person


def sequence_status(billing: Billing) -> Operation:
    """The operation."""
    return Operation(
        code="sequence-status",
        definition=billing.guide.canonical("OperationDefinition", "careplan-sequence-status"),
        levels=frozenset({"instance"}),
        handle=partial(_status, billing),
        types=frozenset({"CarePlan"}),
    )


def _status(billing: Billing, request: FhirRequest, engine: Engine) -> FhirResponse:
    sequence = addressed_sequence(billing.guide, request, engine)
    records = StoreRecords(engine)
    on = day_or_today(single_parameters(request, ("date",)).get("date"), engine)
    renewal = renewal_of(sequence, sequences_of_person(billing.guide, records, sequence.patient), records)
    issued = billing.issued(sequence, records)
    made = billing.claim(sequence, records, len(issued))
    missing = made if isinstance(made, list) else []
    language = request.language
    return answer_with_values(
        ("track", "valueCode", sequence.track),
        ("rank", "valuePositiveInt", sequence.rank),
        ("status", "valueCode", sequence.status),
        ("start", "valueDate", sequence.start.isoformat()),
        ("end", "valueDate", sequence.end.isoformat()),
        ("days-left", "valueInteger", max((sequence.end - on).days + 1, 0)),
        ("contacts", "valueUnsignedInt", len(billing.contacts(sequence, records))),
        ("billable", "valueBoolean", not missing),
        *(("missing", "valueString", text.render(language)) for text in missing),
        *(("claim", "valueReference", {"reference": f"Claim/{one['id']}"}) for one in issued),
        ("renewable", "valueBoolean", not renewal.obstacles),
        *(("obstacle", "valueString", text.render(language)) for text in renewal.obstacles),
        ("renewal-start", "valueDate", None if renewal.obstacles else renewal.start.isoformat()),
        ("renewal-end", "valueDate", None if renewal.obstacles else renewal.end.isoformat()),
    )
