"""ValueSet/$batch-validate-code and CodeSystem/$batch-validate-code: many codes at once.

https://build.fhir.org/ig/HL7/fhir-tx-ecosystem-ig/ecosystem.html
"""

from collections.abc import Callable
from functools import partial
from typing import Any

from msgspec.structs import replace

from fhir_server.core import json
from fhir_server.core.outcome import operation_outcome
from fhir_server.core.request import FhirRequest, FhirResponse
from fhir_server.errors import FhirError, InvalidRequest
from fhir_server.extension import Engine, Operation
from fhir_server.operations.answers import answer_with
from fhir_server.operations.terminology import messages
from fhir_server.operations.terminology.inputs import Resource
from fhir_server.operations.terminology.validate_code import (
    validate_in_code_system,
    validate_in_value_set,
)

VALIDATIONS_MAX = 500
"""The limit of validations, because each may bring resources that have to be prepared."""

_NAME = "validation"

Validate = Callable[[FhirRequest, Engine], FhirResponse]


def batch_validate(validate: Validate, request: FhirRequest, engine: Engine) -> FhirResponse:
    """POST: a result for each parameter `validation`, which is the Parameters of one $validate-code. The
    other parameters are defaults for all of them.
    """
    content = request.content
    given = content.get("parameter") if isinstance(content, dict) else None
    parameters = (
        [parameter for parameter in given if isinstance(parameter, dict)] if isinstance(given, list) else []
    )
    wanted = [parameter.get("resource") for parameter in parameters if parameter.get("name") == _NAME]
    if not wanted:
        raise InvalidRequest.of(messages.VALIDATIONS_NEEDED(), "Parameters.parameter", code="required")
    if len(wanted) > VALIDATIONS_MAX:
        text = messages.TOO_MANY_VALIDATIONS(count=len(wanted), limit=VALIDATIONS_MAX)
        raise InvalidRequest.of(text, "Parameters.parameter", code="too-costly")
    shared = [parameter for parameter in parameters if parameter.get("name") != _NAME]
    parts = [
        {
            "name": _NAME,
            "resource": _result(validate, replace(request, content=_with_shared(shared, own)), engine),
        }
        for own in wanted
    ]
    return answer_with(parts)


def _with_shared(shared: list[Resource], own: Any) -> Any:
    """The parameters of one validation, completed by the defaults."""
    if not isinstance(own, dict) or not isinstance(own.get("parameter", []), list):
        return own
    said = [parameter for parameter in own.get("parameter", []) if isinstance(parameter, dict)]
    names = {parameter.get("name") for parameter in said} - {"tx-resource"}
    return {
        **own,
        "parameter": [*(parameter for parameter in shared if parameter.get("name") not in names), *said],
    }


def _result(validate: Validate, request: FhirRequest, engine: Engine) -> Resource:
    """The result of one validation, or its OperationOutcome."""
    try:
        found: Resource = json.parse_own(validate(request, engine).body or b"{}")
    except FhirError as error:
        return operation_outcome(error.issues, request.language)
    return found


def _operation(type: str, validate: Validate) -> Operation:
    return Operation(
        code="batch-validate-code",
        definition=f"http://hl7.org/fhir/OperationDefinition/{type}-batch-validate-code",
        levels=frozenset({"type"}),
        handle=partial(batch_validate, validate),
        types=frozenset({type}),
        asks_codes=True,
        takes_long=True,
    )


CODE_SYSTEM_BATCH_VALIDATE_CODE = _operation("CodeSystem", validate_in_code_system)
VALUE_SET_BATCH_VALIDATE_CODE = _operation("ValueSet", validate_in_value_set)
