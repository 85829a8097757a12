"""The input parameters of an operation, from the URL or from a Parameters resource.

https://hl7.org/fhir/R4/operations.html#request
"""

from collections.abc import Container, Sequence
from typing import Any

from fhir_server.core.request import FhirRequest
from fhir_server.errors import InvalidRequest
from fhir_server.extension import Resource
from fhir_server.interactions.bundle_links import PRESENTATION
from fhir_server.operations import messages


def checked_parameters(request: FhirRequest, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """The parameters in order, without those on presentation. Raises `InvalidRequest` for other names."""
    found = all_parameters(request)
    for name, _ in found:
        if name not in names:
            text = messages.UNKNOWN_PARAMETER(name=name, valid=", ".join(names) or messages.NO_PARAMETER())
            raise InvalidRequest.of(text, f"http.{name}")
    return found


def single_parameters(request: FhirRequest, names: Sequence[str]) -> dict[str, str]:
    """The parameters by name. Raises `InvalidRequest` for a name not in `names`, or given twice."""
    return single_values(checked_parameters(request, names))


def single_values(pairs: Sequence[tuple[str, str]], but: Container[str] = ()) -> dict[str, str]:
    """The values by name, without the names in `but`. Raises `InvalidRequest` for a repeated name."""
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in but:
            continue
        if name in found:
            raise InvalidRequest.of(messages.GIVEN_TWICE(name=name), f"http.{name}")
        found[name] = value
    return found


def all_parameters(request: FhirRequest) -> tuple[tuple[str, str], ...]:
    """All parameters of the URL and the body in order, without those on presentation (`_format`, ...)."""
    pairs = (*request.query, *_of_body(request.content))
    return tuple(pair for pair in pairs if pair[0] not in PRESENTATION)


def require_parameters(content: Any) -> Resource:
    """The body, if it is Parameters. Raises `InvalidRequest` for any other."""
    if not isinstance(content, dict) or content.get("resourceType") != "Parameters":
        raise InvalidRequest.of(messages.PARAMETERS_NEEDED(), "Parameters")
    return content


def _of_body(content: Any) -> list[tuple[str, str]]:
    if content is None:
        return []
    parameters = require_parameters(content).get("parameter", [])
    if not isinstance(parameters, list):
        raise InvalidRequest.of(messages.PARAMETERS_LISTED(), "Parameters.parameter")
    return [_pair(parameter) for parameter in parameters]


def _pair(parameter: Any) -> tuple[str, str]:
    """A primitive parameter as a pair of name and text, as in the URL."""
    name = parameter.get("name") if isinstance(parameter, dict) else None
    values = [value for key, value in parameter.items() if key.startswith("value")] if name else []
    if not isinstance(name, str) or len(values) != 1 or not isinstance(values[0], str | int):
        raise InvalidRequest.of(messages.PRIMITIVE_NEEDED(name=name or "?"), "Parameters.parameter")
    value = values[0]
    return name, str(value).lower() if isinstance(value, bool) else str(value)
