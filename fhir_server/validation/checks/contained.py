"""Checks of contained resources: their ids are unique.

https://hl7.org/fhir/R4/references.html#contained
"""

from collections.abc import Iterator

from fhir_server.issues import Issue
from fhir_server.validation.checks import messages
from fhir_server.validation.checks.check import CheckContext, Resource, finding
from fhir_server.validation.findings import excerpt


class ContainedCheck:
    """Checks that each reference to a contained resource is unambiguous."""

    types: frozenset[str] = frozenset()

    def check(self, resource: Resource, _context: CheckContext) -> Iterator[Issue]:
        contained = resource.get("contained", ())
        if len(contained) < 2:
            return
        seen: set[str] = set()
        for index, inner in enumerate(contained):
            id = inner.get("id") if isinstance(inner, dict) else None
            if isinstance(id, str) and id in seen:
                place = f"{resource['resourceType']}.contained[{index}].id"
                text = messages.CONTAINED_TWICE(id=excerpt(id))
                yield finding("warning", "duplicate", "contained-id", text, place)
            elif isinstance(id, str):
                seen.add(id)
