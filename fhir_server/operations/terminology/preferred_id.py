"""NamingSystem/$preferred-id: the identifier of a system in the requested type.

https://hl7.org/fhir/R4/namingsystem-operation-preferred-id.html
"""

from collections.abc import Iterator
from typing import Any

from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest, NotFound, Unprocessable
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.inputs import Inputs, Kind

PREFERRED_ID_PARAMETERS: dict[str, Kind] = {"id": "text", "type": "text"}
_TYPES = ("oid", "uuid", "uri", "other")


def preferred_id(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST NamingSystem/$preferred-id?id=...&type=oid. Raises `NotFound` where there is none, and
    `Unprocessable` where naming systems do not agree.
    """
    inputs = Inputs(request, PREFERRED_ID_PARAMETERS)
    known, type = inputs.text("id"), inputs.text("type")
    if known is None or type is None:
        raise InvalidRequest.of(messages.ID_AND_TYPE_NEEDED(), code="required")
    if type not in _TYPES:
        raise InvalidRequest.of(messages.UNKNOWN_ID_TYPE(type=type, valid=", ".join(_TYPES)), "http.type")
    found = list(dict.fromkeys(_of_type(engine, known, type)))
    if not found:
        raise NotFound.of(messages.NO_PREFERRED_ID(id=known, type=type))
    if len(found) > 1:
        text = messages.SEVERAL_PREFERRED_IDS(id=known, type=type, found=", ".join(found))
        raise Unprocessable.of(text, code="multiple-matches")
    parts = [{"name": "result", "valueString": found[0]}]
    return answer_with(parts)


def _of_type(engine: Engine, known: str, type: str) -> Iterator[str]:
    """The preferred identifier of the type, from each NamingSystem with the known identifier."""
    bare = known.removeprefix("urn:oid:").removeprefix("urn:uuid:")
    having = [
        system
        for system in engine.registry.resources("NamingSystem")
        if any(identifier.get("value") in (known, bare) for identifier in system.get("uniqueId", ()))
    ]
    for system in [system for system in having if system.get("status") != "retired"] or having:
        ids = (
            identifier
            for identifier in system["uniqueId"]
            if identifier.get("type") == type and "value" in identifier
        )
        yield from (identifier["value"] for identifier in sorted(ids, key=_is_second)[:1])


def _is_second(identifier: dict[str, Any]) -> bool:
    return not identifier.get("preferred", False)


PREFERRED_ID = Operation(
    code="preferred-id",
    definition="http://hl7.org/fhir/OperationDefinition/NamingSystem-preferred-id",
    levels=frozenset({"type"}),
    handle=preferred_id,
    types=frozenset({"NamingSystem"}),
)
