"""Builds responses with a Parameters resource.

https://hl7.org/fhir/R4/parameters.html
"""

from collections.abc import Sequence
from typing import Any

from fhir_server.core import json
from fhir_server.core.request import FhirResponse
from fhir_server.extension import Resource


def answer_with(parts: Sequence[Resource]) -> FhirResponse:
    """The response with these parameters."""
    return FhirResponse(200, body=json.serialise({"resourceType": "Parameters", "parameter": parts}))


def answer_with_values(*named: tuple[str, str, Any]) -> FhirResponse:
    """The response with parameters given as (name, element such as `valueDate`, value), without
    None values.
    """
    return answer_with(
        [{"name": name, element: value} for name, element, value in named if value is not None]
    )
