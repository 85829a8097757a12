"""Structural validation against the R4 types: elements, cardinality, choices, formats, references, codes.

https://hl7.org/fhir/R4/validation.html
"""

from fhir_server.definitions.registry import Registry
from fhir_server.issues import Issue
from fhir_server.validation import messages
from fhir_server.validation.findings import FINDINGS_MAX
from fhir_server.validation.structure_compiler import NodeCompiler


class StructureValidator:
    """Structural validation of every R4 resource type; types are compiled on first use."""

    def __init__(self, registry: Registry) -> None:
        self._resource = NodeCompiler(registry).resource

    def validate(self, resource: object) -> list[Issue]:
        """All structural issues of a parsed resource with their locations; empty if it is valid.

        It stops after `FINDINGS_MAX` issues and says so. Profiles and invariants are not checked.
        """
        findings = self._resource.check(resource, None, None)
        if findings is None:
            return []
        type_name = resource.get("resourceType") if isinstance(resource, dict) else None
        root = type_name if isinstance(type_name, str) and type_name.isidentifier() else "Resource"
        issues = [finding.issue(root) for finding in findings[:FINDINGS_MAX]]
        if len(findings) >= FINDINGS_MAX:
            issues.append(Issue("information", "too-costly", messages.TOO_MANY(count=FINDINGS_MAX), (root,)))
        return issues
