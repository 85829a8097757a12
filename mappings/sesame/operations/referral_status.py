"""ServiceRequest/$referral-status: the Task with the state of a referral."""

from functools import partial

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import BusinessRule, InvalidRequest, NotFound
from fhir_server.extension import Engine, Operation, Resource
from mappings.sesame.guide import Guide
from mappings.sesame.operations import referral_messages as messages
from mappings.sesame.operations.body_parameters import body_parameter, check_query
from mappings.sesame.operations.store_records import StoreRecords, addressed_resource
from mappings.sesame.pathway.reading import find_by_identifier
from mappings.sesame.pathway.referral import referral_of, task_of

IDENTIFIER = "identifier"
AT_IDENTIFIER = f"http.{IDENTIFIER}"


def referral_status(guide: Guide) -> Operation:
    """The operation."""
    return Operation(
        code="referral-status",
        definition=guide.canonical("OperationDefinition", "servicerequest-referral-status"),
        levels=frozenset({"type", "instance"}),
        handle=partial(_status, guide),
        types=frozenset({"ServiceRequest"}),
    )


def _status(guide: Guide, request: FhirRequest, engine: Engine) -> FhirResponse:
    check_query(request, *(() if len(request.path) == 3 else (IDENTIFIER,)))
    referral = referral_of(guide, _asked(request, engine))
    if referral is None:
        raise BusinessRule.of(messages.NO_REFERRAL(), "ServiceRequest")
    task = task_of(guide, StoreRecords(engine), referral.id)
    if task is None:
        raise NotFound.of(messages.NO_TASK(id=referral.id), "ServiceRequest")
    stored = engine.store.read("Task", task["id"])
    assert stored is not None, "what was found is on record"
    return FhirResponse(200, body=stored.body, version=stored.version, last_updated=stored.last_updated)


def _asked(request: FhirRequest, engine: Engine) -> Resource:
    """The referral in the path, or the one with the given identifier."""
    if len(request.path) == 3:
        return addressed_resource(request, engine)
    system, value = _identifier(request, engine)
    found = find_by_identifier(StoreRecords(engine), "ServiceRequest", system, value)
    if found is None:
        raise NotFound.of(messages.UNKNOWN_REFERRAL(identifier=f"{system}|{value}"), AT_IDENTIFIER)
    return found


def _identifier(request: FhirRequest, engine: Engine) -> tuple[str, str]:
    """The system and value from the URL (`system|value`) or from an Identifier in the body."""
    system, _, value = (request.parameter(IDENTIFIER) or "").rpartition("|")
    given = body_parameter(request, engine, IDENTIFIER).get("valueIdentifier")
    if given:
        system, value = given.get("system", ""), given.get("value", "")
    if not system or not value:
        raise InvalidRequest.of(messages.IDENTIFIER_NEEDED(), AT_IDENTIFIER)
    return system, value
