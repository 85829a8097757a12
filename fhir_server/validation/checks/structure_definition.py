"""Whether a profile or extension only narrows what it derives from, so that a snapshot can be made of it.

https://hl7.org/fhir/R4/profiling.html#snapshot
"""

from collections.abc import Iterator
from dataclasses import replace

from fhir_server.errors import SnapshotError
from fhir_server.issues import Issue, Severity
from fhir_server.validation.checks.check import CheckContext, Resource

KEY = "snapshot"
_OF_OTHERS = ("not-found", "incomplete")
"""Codes of what cannot be told here, or has to be mended elsewhere."""


class StructureDefinitionCheck:
    """Makes the snapshot of a profile and tells each line of the differential at which that fails."""

    types = frozenset({"StructureDefinition"})

    def check(self, resource: Resource, context: CheckContext) -> Iterator[Issue]:
        """An error for a line that is at fault; a warning where the fault is elsewhere."""
        if resource.get("derivation") != "constraint" or not {"url", "differential"} <= resource.keys():
            return
        try:
            context.registry.snapshot_of(resource)
        except SnapshotError as error:
            for issue in error.issues:
                severity: Severity = "warning" if issue.code in _OF_OTHERS else "error"
                yield replace(issue, severity=severity, key=KEY)
