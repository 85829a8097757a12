"""Evaluates compiled invariants and reports those that do not hold.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, shortened
from fhir_server.validation.invariants.compiler import CompiledInvariant
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import ValidationContext


def check_invariants(
    invariants: Iterable[CompiledInvariant], item: Any, context: ValidationContext
) -> Findings:
    """A finding for each invariant that does not hold, and one per validation for each that cannot be
    evaluated.
    """
    found: list[Finding] | None = None
    scope = context.scope
    for invariant in invariants:
        if invariant.holds is None:
            more = _faulty(invariant, invariant.fault, context)
        else:
            try:
                if invariant.holds(item, scope):
                    continue
                more = _broken(invariant)
            except FhirPathError as error:
                more = _faulty(invariant, str(error), context)
        if more is not None:
            found = [*(found or ()), more]
    return found


def _broken(invariant: CompiledInvariant) -> Finding:
    severity: Severity = "error" if invariant.severity == "error" else "warning"
    return Finding(
        "invariant", messages.BROKEN(key=invariant.key, human=invariant.human), "", invariant.key, severity
    )


def _faulty(invariant: CompiledInvariant, fault: str, context: ValidationContext) -> Finding | None:
    if not context.is_new_fault(invariant):
        return None
    text = messages.RULE_FAULTY(key=invariant.key, fault=shortened(fault) if len(fault) > 300 else fault)
    return Finding("exception", text, "", invariant.key)
