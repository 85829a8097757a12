"""An operation of a patch that cannot be applied to the resource as it is.

https://hl7.org/fhir/R4/http.html#patch
"""

from fhir_server.issues import Text


class NotApplicable(Exception):
    """Why it cannot be applied."""

    def __init__(self, text: Text) -> None:
        super().__init__(text)
        self.text = text
