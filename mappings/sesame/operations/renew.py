"""CarePlan/[id]/$renew: completes a sequence and opens the next, in one commit with its claim.

Sent again it gives the sequence that it opened the first time.
"""

from datetime import date
from functools import partial
from typing import NoReturn

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import BusinessRule, InvalidRequest
from fhir_server.extension import Engine, Operation, Resource
from fhir_server.interactions.transaction import Transaction
from fhir_server.issues import Issue
from fhir_server.operations.parameters import given_once
from mappings.sesame.billing.bill import Billing
from mappings.sesame.guide import Guide
from mappings.sesame.operations import messages
from mappings.sesame.operations.records import StoreRecords, asked_about
from mappings.sesame.pathway.reading import identified
from mappings.sesame.pathway.renewal import Renewal, renewal_of
from mappings.sesame.pathway.sequence import Sequence, sequence_of, sequences_of_patient


def renew(billing: Billing) -> Operation:
    """The operation."""
    return Operation(
        code="renew",
        definition=billing.guide.canonical("OperationDefinition", "careplan-renew"),
        levels=frozenset({"instance"}),
        handle=partial(_renew, billing.guide),
        types=frozenset({"CarePlan"}),
        affects_state=True,
    )


def _renew(guide: Guide, request: FhirRequest, engine: Engine) -> FhirResponse:
    sequence = asked_sequence(guide, request, engine)
    records = StoreRecords(engine)
    system, number = guide.naming_system("care-plan"), _number(sequence)
    opened = identified(records, "CarePlan", system, number)
    if opened is None:
        start = asked_day(given_once(request, ("start",)).get("start"))
        everything = sequences_of_patient(guide, records, sequence.patient)
        renewal = renewal_of(sequence, everything, start)
        if renewal.obstacles:
            issues = [Issue("error", "business-rule", text, ("CarePlan",)) for text in renewal.obstacles]
            raise BusinessRule(*issues)
        _commit(request, engine, sequence, _opened(guide, sequence, renewal, number), f"{system}|{number}")
        opened = identified(StoreRecords(engine), "CarePlan", system, number)
    stored = engine.store.read("CarePlan", opened["id"] if opened else "")
    assert stored is not None, "what was committed is on record"
    return FhirResponse(200, body=stored.body, version=stored.version, last_updated=stored.last_updated)


def asked_sequence(guide: Guide, request: FhirRequest, engine: Engine) -> Sequence:
    """The sequence that the path names. Raises `BusinessRule` for another kind of CarePlan."""
    sequence = sequence_of(guide, asked_about(request, engine))
    if sequence is None:
        raise BusinessRule.of(messages.NO_SEQUENCE(), "CarePlan")
    return sequence


def asked_day(text: str | None) -> date | None:
    """A date parameter. Raises `InvalidRequest` for what is none."""
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise InvalidRequest.of(messages.BAD_DATE(value=text[:40] if text else "")) from error


def _number(sequence: Sequence) -> str:
    """The number of the sequence that follows: the same with the next rank at its end."""
    stem = sequence.number.removesuffix(f"-{sequence.rank}")
    return f"{stem}-{sequence.rank + 1}"


def _opened(guide: Guide, sequence: Sequence, renewal: Renewal, number: str) -> Resource:
    """The next sequence: as the one before, but for its rank, its number and its days."""
    rank_url = guide.profile("sequence-rank")
    plan = {name: value for name, value in sequence.plan.items() if name not in ("id", "text")}
    kept = [one for one in plan["extension"] if one.get("url") != rank_url]
    title = guide.coding("sesame-track", sequence.track)["display"]
    return plan | {
        "extension": [{"url": rank_url, "valuePositiveInt": renewal.rank}, *kept],
        "identifier": [{"system": guide.naming_system("care-plan"), "value": number}],
        "replaces": [{"reference": f"CarePlan/{sequence.id}"}],
        "status": "active",
        "title": f"{title}, séquence {renewal.rank}",
        "period": {"start": renewal.start.isoformat(), "end": renewal.end.isoformat()},
    }


def _commit(
    request: FhirRequest, engine: Engine, sequence: Sequence, opened: Resource, identifier: str
) -> None:
    """Close the one and open the other, or neither."""
    entries: list[Resource] = [
        {
            "resource": opened,
            "request": {"method": "POST", "url": "CarePlan", "ifNoneExist": f"identifier={identifier}"},
        }
    ]
    if not sequence.is_over:
        version = sequence.plan["meta"]["versionId"]
        entries.append(
            {
                "resource": sequence.plan | {"status": "completed"},
                "request": {
                    "method": "PUT",
                    "url": f"CarePlan/{sequence.id}",
                    "ifMatch": f'W/"{version}"',
                },
            }
        )
    content = json.parse(json.serialise({"resourceType": "Bundle", "type": "transaction", "entry": entries}))
    bundle = FhirRequest("POST", (), request.base_url, content=content, language=request.language)
    Transaction(bundle, content["entry"], engine).run(_no_reads)


def _no_reads(*_: object) -> NoReturn:
    raise AssertionError("the Bundle reads nothing")
