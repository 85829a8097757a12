"""Evaluates invariants on an item, and reports those that it breaks.

https://hl7.org/fhir/R4/conformance-rules.html#constraints
"""

from collections.abc import Iterable
from typing import Any

from fhir_server.core.fhirpath import FhirPathError
from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, shortened
from fhir_server.validation.invariants.compiler import Rule
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.context import Visit


def broken(rules: Iterable[Rule], item: Any, visit: Visit) -> Findings:
    """A finding for each rule that does not hold, and, once, for each that cannot be evaluated."""
    found: list[Finding] | None = None
    scope = visit.scope
    for rule in rules:
        if rule.holds is None:
            more = _faulty(rule, rule.fault, visit)
        else:
            try:
                if rule.holds(item, scope):
                    continue
                more = _broken(rule)
            except FhirPathError as error:
                more = _faulty(rule, str(error), visit)
        if more is not None:
            found = [*(found or ()), more]
    return found


def _broken(rule: Rule) -> Finding:
    severity: Severity = "error" if rule.severity == "error" else "warning"
    return Finding("invariant", messages.BROKEN(key=rule.key, human=rule.human), "", rule.key, severity)


def _faulty(rule: Rule, fault: str, visit: Visit) -> Finding | None:
    if not visit.fault(rule):
        return None
    text = messages.RULE_FAULTY(key=rule.key, fault=shortened(fault) if len(fault) > 300 else fault)
    return Finding("exception", text, "", rule.key)
