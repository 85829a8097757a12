"""Operation parameters that only a body can hold: Identifiers and resources.

https://hl7.org/fhir/R4/parameters.html
"""

import msgspec

from fhir_server.core.request import FhirRequest
from fhir_server.errors import MalformedContent
from fhir_server.extension import Engine, Resource
from fhir_server.operations.parameters import require_parameters, single_parameters


def check_query(request: FhirRequest, *names: str) -> None:
    """Raise `InvalidRequest` for a URL parameter that is not one of `names`, or that is given twice."""
    single_parameters(msgspec.structs.replace(request, content=None), names)


def body_parameter(request: FhirRequest, engine: Engine, name: str) -> Resource:
    """The body parameter of that name; empty where there is none.

    Raises `InvalidRequest` for a body other than Parameters, `MalformedContent` for an invalid structure.
    """
    if request.content is None:
        return {}
    content = require_parameters(request.content)
    issues = engine.validator.structure(content)
    if any(issue.fails for issue in issues):
        raise MalformedContent(*issues)
    found: list[Resource] = content.get("parameter", [])
    return next((one for one in found if one["name"] == name), {})
