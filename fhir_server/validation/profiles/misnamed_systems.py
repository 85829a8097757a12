"""Names of code systems that are none, and the systems that are likely meant by them.

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

_KEPT_ELSEWHERE = (LOINC, SNOMED_CT, ucum.SYSTEM, RXNORM)
_THO = "http://terminology.hl7.org/CodeSystem/"
_is_page = re.compile(r"https?://(?:build\.fhir\.org/|hl7\.org/fhir/.*\.html\b)").match
_of_hl7 = re.compile(r"http://hl7\.org/fhir/(?:(v[23])/)?([A-Za-z0-9\-]+)").fullmatch


def misnamed(system: str, registry: Registry) -> Findings:
    """The finding that a `system`, by which none is known here, is a page or another name of a known one."""
    if system in _KEPT_ELSEWHERE:
        return None
    if _is_page(system):
        return _doubt(messages.SYSTEM_IS_PAGE(system=shortened(system)))
    for right in _likely(system):
        if right in _KEPT_ELSEWHERE or registry.code_system(right) is not None:
            return _doubt(messages.SYSTEM_MISNAMED(system=shortened(system), right=right))
    return None


def _doubt(text: Text) -> Findings:
    return [Finding("code-invalid", text, ".system", "system-form", "warning")]


def _likely(system: str) -> Iterator[str]:
    """What may be meant: http for https, no slash at the end, no version, the name that R4 gave to R3's."""
    plain = re.sub("^https:", "http:", system).rstrip("/")
    if plain != system:
        yield plain
    for host in _KEPT_ELSEWHERE:
        if plain.startswith((f"{host}/", f"{host}#")):
            yield host
    if (older := _of_hl7(plain)) is not None:
        yield _THO + "-".join(filter(None, older.groups()))
