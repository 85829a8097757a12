"""CarePlan/[id]/$explain-billing: why a sequence is or is not billed."""

from functools import partial

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.issues import Text
from fhir_server.operations.answers import answer_with_values
from fhir_server.operations.parameters import checked_parameters
from mappings.sesame.billing import messages
from mappings.sesame.billing.billing import Billing
from mappings.sesame.billing.comparison import needs_no_correction
from mappings.sesame.guide import Guide
from mappings.sesame.operations.renew import addressed_sequence
from mappings.sesame.operations.store_records import StoreRecords


def explain_billing(billing: Billing) -> Operation:
    """The operation."""
    return Operation(
        code="explain-billing",
        definition=billing.guide.canonical("OperationDefinition", "careplan-explain-billing"),
        levels=frozenset({"instance"}),
        handle=partial(_explain, billing),
        types=frozenset({"CarePlan"}),
    )


def _explain(billing: Billing, request: FhirRequest, engine: Engine) -> FhirResponse:
    checked_parameters(request, ())
    sequence = addressed_sequence(billing.guide, request, engine)
    records = StoreRecords(engine)
    issued = billing.issued(sequence, records)
    made = billing.claim(sequence, records, len(issued))
    active = [one for one in issued if one.get("status") == "active"]
    texts = [_told(one) for one in issued] + (
        made if isinstance(made, list) else _ready(billing.guide, issued, made)
    )
    return answer_with_values(
        ("billed", "valueBoolean", bool(active)),
        ("billable", "valueBoolean", not isinstance(made, list)),
        *(("reason", "valueString", text.render(request.language)) for text in texts),
        *(("claim", "valueReference", {"reference": f"Claim/{one['id']}"}) for one in issued),
    )


def _told(claim: Resource) -> Text:
    if claim.get("status") != "active":
        return messages.CANCELLED(id=claim["id"])
    return messages.BILLED(id=claim["id"], amount=json.serialise(claim["total"]["value"]).decode())


def _ready(guide: Guide, issued: list[Resource], made: Resource) -> list[Text]:
    """The message that a claim can be issued, unless it is already."""
    return [] if issued and needs_no_correction(guide, issued[-1], made) else [messages.READY()]
