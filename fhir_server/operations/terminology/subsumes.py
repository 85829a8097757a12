"""CodeSystem/$subsumes: the relationship of two codes of a system.

https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
"""

from fhir_server.codes.issues import tx_error
from fhir_server.codes.lookup import require_code_system, subsumption
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.call import CALL_PARAMETERS, TerminologyCall, versioned
from fhir_server.operations.terminology.inputs import Inputs, Kind

SUBSUMES_PARAMETERS: dict[str, Kind] = {
    "codeA": "text",
    "codeB": "text",
    "system": "text",
    "version": "text",
    "codingA": "coding",
    "codingB": "coding",
    **CALL_PARAMETERS,
}


def subsumes(request: FhirRequest, engine: Engine) -> FhirResponse:
    """GET or POST CodeSystem/$subsumes or CodeSystem/[id]/$subsumes: the outcome."""
    inputs = Inputs(request, SUBSUMES_PARAMETERS)
    call = TerminologyCall(request, engine, inputs)
    for letter in "AB":
        if inputs.has(f"code{letter}") and inputs.has(f"coding{letter}"):
            raise InvalidRequest.of(messages.ONE_OF(names=f"code{letter}, coding{letter}"))
    codings = [inputs.content("codingA") or {}, inputs.content("codingB") or {}]
    codes = [inputs.text("codeA") or codings[0].get("code"), inputs.text("codeB") or codings[1].get("code")]
    if not all(codes):
        raise InvalidRequest.of(messages.TWO_CODES_NEEDED(), code="required")
    canonical = _canonical(call, codings)
    system = require_code_system(call.view(), canonical)
    outcome = subsumption(system, str(codes[0]), str(codes[1]))
    parts = [{"name": "outcome", "valueCode": outcome}]
    return answer_with(parts)


def _canonical(call: TerminologyCall, codings: list[dict[str, str]]) -> str:
    """The code system of both codes: one URL, and at most one version."""
    url, _, version = (call.code_system() or "").partition("|")
    inputs = call.inputs
    urls = _distinct(url, inputs.text("system"), *(coding.get("system") for coding in codings))
    versions = _distinct(version, inputs.text("version"), *(coding.get("version") for coding in codings))
    if not urls:
        text = messages.CODE_SYSTEM_NEEDED(names="system")
        raise tx_error(InvalidRequest, text, "invalid", kind="invalid-data")
    named = urls if len(urls) > 1 else [versioned(urls[0], version) for version in versions]
    if len(named) > 1:
        raise InvalidRequest.of(messages.TWO_SYSTEMS(first=named[0], second=named[1]))
    return versioned(urls[0], next(iter(versions), None))


def _distinct(*texts: str | None) -> list[str]:
    """The non-empty texts without repetitions."""
    return list(dict.fromkeys(text for text in texts if text))


SUBSUMES = Operation(
    code="subsumes",
    definition="http://hl7.org/fhir/OperationDefinition/CodeSystem-subsumes",
    levels=frozenset({"type", "instance"}),
    handle=subsumes,
    types=frozenset({"CodeSystem"}),
)
