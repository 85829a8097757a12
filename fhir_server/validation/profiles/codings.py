"""Codings whose code system is known with all its codes: the code must be one of them.

https://hl7.org/fhir/R4/terminologies.html#code
"""

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

from fhir_server.definitions.code_systems import CodeSystem
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Severity
from fhir_server.validation.findings import Finding, Findings, shortened
from fhir_server.validation.profiles import messages
from fhir_server.validation.profiles.values import ValueCheck
from fhir_server.validation.profiles.visit import Visit

_KEPT_MAX = 4096
_STILL_GROWING = tuple(f"http://terminology.hl7.org/CodeSystem/{family}-" for family in ("v2", "v3"))
"""Code systems of which later versions, that a sender may well use, have more codes than those of R4."""
_is_absolute = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+").fullmatch


class Known(NamedTuple):
    """The codes of a system, and how sure it is that there are no others."""

    codes: frozenset[str]
    severity: Severity


_NONE = Known(frozenset(), "error")


def coding_check(registry: Registry, errors_only: bool) -> ValueCheck:
    """The check of any Coding, whatever it is bound to."""
    known = lru_cache(maxsize=_KEPT_MAX)(_known_by(registry, errors_only))

    def check(value: Any, _: Visit) -> Findings:
        system, code = value.get("system"), value.get("code")
        if type(system) is not str or type(code) is not str:
            return None
        found = known(system)
        if found is None or code in found.codes:
            return None
        if not _is_absolute(system):
            return [Finding("code-invalid", messages.SYSTEM_RELATIVE(system=shortened(system)), ".system")]
        text = messages.CODE_UNKNOWN(code=shortened(code), system=system)
        return [Finding("code-invalid", text, ".code", severity=found.severity)]

    return check


def _known_by(registry: Registry, errors_only: bool) -> Callable[[str], Known | None]:
    def known(system: str) -> Known | None:
        if not _is_absolute(system):
            return _NONE
        found: CodeSystem | None = registry.code_system(system)
        if found is None or found.content != "complete" or not found.case_sensitive or not found.by_code:
            return None
        severity: Severity = "warning" if system.startswith(_STILL_GROWING) else "error"
        if errors_only and severity != "error":
            return None
        return Known(frozenset(found.by_code), severity)

    return known
