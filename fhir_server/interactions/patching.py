"""Errors and copies of values, for JSON Patch and FHIRPath Patch.

https://hl7.org/fhir/R4/http.html#patch
"""

from typing import Any, NoReturn

from fhir_server.core import json
from fhir_server.errors import InvalidRequest
from fhir_server.interactions import messages
from fhir_server.issues import Text


class NotApplicable(Exception):
    """An operation cannot be applied to the resource."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


def refuse(index: int, reason: Text) -> NoReturn:
    """Raise `InvalidRequest` for a malformed operation."""
    raise InvalidRequest.of(messages.PATCH_BAD_OPERATION(index=index, reason=reason))


def own_copy(value: Any) -> Any:
    """A deep copy of a value of a patch, so that the resource shares nothing with it."""
    return json.parse(json.serialise(value)) if isinstance(value, (dict, list)) else value
