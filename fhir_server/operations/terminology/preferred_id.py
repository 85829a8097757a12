"""NamingSystem/$preferred-id: another identifier of the same system, of the type asked for.

https://hl7.org/fhir/R4/namingsystem-operation-preferred-id.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, NotFound
from fhir_server.extension import Engine, Operation
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.inputs import Inputs, Kind

PREFERRED_ID_PARAMETERS: dict[str, Kind] = {"id": "text", "type": "text"}
_TYPES = ("oid", "uuid", "uri", "other")


def preferred_id(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST NamingSystem/$preferred-id?id=...&type=oid. Raises `NotFound` where there is none."""
    inputs = Inputs(request, PREFERRED_ID_PARAMETERS)
    known, type = inputs.text("id"), inputs.text("type")
    if known is None or type is None:
        raise InvalidRequest.of(messages.ID_AND_TYPE_NEEDED(), code="required")
    if type not in _TYPES:
        raise InvalidRequest.of(messages.UNKNOWN_ID_TYPE(type=type, valid=", ".join(_TYPES)), "http.type")
    found = sorted(_of_type(engine, known, type), key=lambda one: not one.get("preferred", False))
    if not found:
        raise NotFound.of(messages.NO_PREFERRED_ID(id=known, type=type))
    parts = [{"name": "result", "valueString": found[0]["value"]}]
    return FhirResponse(200, body=json.serialise({"resourceType": "Parameters", "parameter": parts}))


def _of_type(engine: Engine, known: str, type: str) -> Iterator[dict[str, Any]]:
    """The identifiers of a type of every naming system that has the known one."""
    bare = known.removeprefix("urn:oid:").removeprefix("urn:uuid:")
    for system in engine.registry.resources("NamingSystem"):
        ids = system.get("uniqueId", ())
        if any(one.get("value") in (known, bare) for one in ids):
            yield from (one for one in ids if one.get("type") == type)


PREFERRED_ID = Operation(
    code="preferred-id",
    definition="http://hl7.org/fhir/OperationDefinition/NamingSystem-preferred-id",
    levels=frozenset({"type"}),
    handle=preferred_id,
    types=frozenset({"NamingSystem"}),
)
