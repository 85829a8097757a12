"""CodeSystem/$subsumes: how two codes of a system stand to each other.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from fhir_server.codes.issues import refusal
from fhir_server.codes.lookup import known_system, subsumption
from fhir_server.core import json
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.inputs import Inputs, Kind
from fhir_server.operations.terminology.world import WORLD, World, versioned

SUBSUMES_PARAMETERS: dict[str, Kind] = {
    "codeA": "text",
    "codeB": "text",
    "system": "text",
    "version": "text",
    "codingA": "coding",
    "codingB": "coding",
    **WORLD,
}


def subsumes(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST CodeSystem/$subsumes or CodeSystem/[id]/$subsumes: the outcome."""
    inputs = Inputs(request, SUBSUMES_PARAMETERS)
    world = World(request, engine, inputs)
    codings = [inputs.content("codingA") or {}, inputs.content("codingB") or {}]
    codes = [inputs.text("codeA") or codings[0].get("code"), inputs.text("codeB") or codings[1].get("code")]
    if not all(codes):
        raise InvalidRequest.of(messages.TWO_CODES_NEEDED(), code="required")
    canonical = _canonical(world, codings)
    system = known_system(world.view(), canonical)
    outcome = subsumption(system, str(codes[0]), str(codes[1]))
    parts = [{"name": "outcome", "valueCode": outcome}]
    return FhirResponse(200, body=json.serialise({"resourceType": "Parameters", "parameter": parts}))


def _canonical(world: World, codings: list[dict[str, str]]) -> str:
    """The code system that both codes are of."""
    instance = world.code_system()
    if instance is not None:
        return instance
    systems = list(dict.fromkeys(coding["system"] for coding in codings if coding.get("system")))
    system = world.inputs.text("system") or (systems[0] if systems else None)
    if system is None:
        text = messages.CODE_SYSTEM_NEEDED(names="system")
        raise refusal(InvalidRequest, text, "invalid-data", code="invalid")
    if len(systems) > 1:
        raise InvalidRequest.of(messages.TWO_SYSTEMS(first=systems[0], second=systems[1]))
    return versioned(system, world.inputs.text("version") or codings[0].get("version"))


SUBSUMES = Operation(
    code="subsumes",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    levels=frozenset({"type", "instance"}),
    handle=subsumes,
    types=frozenset({"CodeSystem"}),
)
