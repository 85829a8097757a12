"""URLs that are not the name of a code system, and the code system that is likely meant.

https://hl7.org/fhir/R4/terminologies-systems.html
"""

import re
from collections.abc import Iterator

from fhir_server.core import ucum
from fhir_server.core.code_systems import LOINC, RXNORM, SNOMED_CT
from fhir_server.definitions.registry import Registry
from fhir_server.issues import Text
from fhir_server.validation.findings import Finding, Findings, shortened
from fhir_server.validation.profiles import messages

_EXTERNAL_SYSTEMS = (LOINC, SNOMED_CT, ucum.SYSTEM, RXNORM)
_THO = "http://terminology.hl7.org/CodeSystem/"
_is_page = re.compile(r"https?://(?:build\.fhir\.org/|hl7\.org/fhir/.*\.html\b)").match
_of_hl7 = re.compile(r"http://hl7\.org/fhir/(?:(v[23])/)?([A-Za-z0-9\-]+)").fullmatch


def misnamed_system(system: str, registry: Registry) -> Findings:
    """The finding for an unknown `system` that is a web page or a variant of a known system's url."""
    if system in _EXTERNAL_SYSTEMS:
        return None
    if _is_page(system):
        return _warning(messages.SYSTEM_IS_PAGE(system=shortened(system)))
    for right in _likely_names(system):
        if right in _EXTERNAL_SYSTEMS or registry.code_system(right) is not None:
            return _warning(messages.SYSTEM_MISNAMED(system=shortened(system), right=right))
    return None


def _warning(text: Text) -> Findings:
    return [Finding("code-invalid", text, ".system", "system-form", "warning")]


def _likely_names(system: str) -> Iterator[str]:
    """Likely systems: http instead of https, without a trailing slash, without a version, R4's name of an R3
    one.
    """
    normalised = re.sub("^https:", "http:", system).rstrip("/")
    if normalised != system:
        yield normalised
    for host in _EXTERNAL_SYSTEMS:
        if normalised.startswith((f"{host}/", f"{host}#")):
            yield host
    if (older := _of_hl7(normalised)) is not None:
        yield _THO + "-".join(filter(None, older.groups()))
