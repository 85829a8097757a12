"""CodeSystem/$find-matches: the codes that have all given properties.

https://hl7.org/fhir/R4/codesystem-operation-find-matches.html
"""

from typing import Any

from fhir_server.codes.expansion_entries import property_values
from fhir_server.codes.lookup import require_code_system
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.definitions.code_systems import text_of, value_of
from fhir_server.errors import InvalidRequest, NotSupported
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall, versioned
from fhir_server.operations.terminology.inputs import Inputs, Kind

FIND_MATCHES_PARAMETERS: dict[str, Kind] = {
    "system": "text",
    "version": "text",
    "property": "parts",
    "exact": "flag",
    "compositional": "flag",
    **CALL_PARAMETERS,
}


def find_matches(request: FhirRequest, engine: Engine) -> FhirResponse:
    """POST CodeSystem/$find-matches or CodeSystem/[id]/$find-matches: a match for each code."""
    inputs = Inputs(request, FIND_MATCHES_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    if inputs.flag("compositional"):
        raise NotSupported.of(messages.NO_COMPOSITION())
    wanted = [_property(parts) for parts in inputs.all("property")]
    if not wanted:
        raise InvalidRequest.of(messages.PROPERTIES_NEEDED(), code="required")
    canonical = _canonical(call)
    system = require_code_system(call.view(), canonical)
    found = [
        {
            "system": system.url,
            "code": concept.code,
            **({"display": concept.display} if concept.display else {}),
        }
        for concept in system.concepts
        if all(
            value in [text_of(value_of(property)) for property in property_values(concept, system, name)]
            for name, value in wanted
        )
    ]
    parts = [{"name": "match", "part": [{"name": "code", "valueCoding": coding}]} for coding in found]
    return answer_with(parts)


def _property(parts: list[dict[str, Any]]) -> tuple[str, str]:
    by_name = {part.get("name"): part for part in parts}
    code, value = (value_of(by_name.get(name, {})) for name in ("code", "value"))
    if not isinstance(code, str) or value is None:
        raise InvalidRequest.of(messages.PROPERTIES_NEEDED(), "Parameters.parameter")
    return code, text_of(value)


def _canonical(call: TerminologyCall) -> str:
    instance, system = call.code_system(), call.inputs.text("system")
    if instance is not None:
        return instance
    if system is None:
        raise InvalidRequest.of(messages.CODE_SYSTEM_NEEDED(names="system"), code="required")
    return versioned(system, call.inputs.text("version"))


FIND_MATCHES = Operation(
    code="find-matches",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-find-matches",
    levels=frozenset({"type", "instance"}),
    handle=find_matches,
    types=frozenset({"CodeSystem"}),
)
