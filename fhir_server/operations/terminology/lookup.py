"""CodeSystem/$lookup: the details of a code.

https://hl7.org/fhir/R4/codesystem-operation-lookup.html
"""

from fhir_server.codes.lookup import lookup, require_code_system, require_concept
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall, versioned
from fhir_server.operations.terminology.inputs import Inputs, Kind

LOOKUP_PARAMETERS: dict[str, Kind] = {
    "code": "text",
    "system": "text",
    "version": "text",
    "coding": "coding",
    "property": "text",
    **CALL_PARAMETERS,
}


def look_up(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST CodeSystem/$lookup: by code and system, or by coding."""
    inputs = Inputs(request, LOOKUP_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    if inputs.has("coding") and (inputs.has("code") or inputs.has("system")):
        raise InvalidRequest.of(messages.ONE_OF(names="coding, code + system"))
    coding = inputs.coding()
    if not coding.get("code"):
        raise InvalidRequest.of(messages.CODE_NEEDED(names="code, coding"), code="required")
    if not coding.get("system"):
        raise InvalidRequest.of(messages.CODE_SYSTEM_NEEDED(names="system"), code="required")
    system = require_code_system(call.view(), versioned(coding["system"], coding.get("version")))
    concept = require_concept(system, coding["code"])
    parts = list(lookup(system, concept, tuple(inputs.all("property")), call.languages))
    return answer_with(parts)


LOOKUP = Operation(
    code="lookup",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-lookup",
    levels=frozenset({"type"}),
    handle=look_up,
    types=frozenset({"CodeSystem"}),
)
