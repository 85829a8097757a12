"""What the two kinds of patch have in common: how their operations are refused, and how values are copied.

https://hl7.org/fhir/R4/http.html#patch
"""

from typing import Any, NoReturn

from fhir_server.core import json
from fhir_server.errors import InvalidRequest
from fhir_server.interactions import messages
from fhir_server.issues import Text


class NotApplicable(Exception):
    """Why an operation cannot be applied to the resource as it is."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text


def refuse(index: int, reason: Text) -> NoReturn:
    """Raises `InvalidRequest` for an operation that is malformed."""
    raise InvalidRequest.of(messages.PATCH_BAD_OPERATION(index=index, reason=reason))


def own_copy(value: Any) -> Any:
    """A value of a patch, of which the resource shares nothing."""
    return json.parse(json.serialise(value)) if isinstance(value, (dict, list)) else value
