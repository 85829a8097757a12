"""Vital signs: observations that must satisfy a profile because of their code, even without claiming it.

https://hl7.org/fhir/R4/observation-vitalsigns.html
"""

from dataclasses import replace
from typing import Any

from fhir_server.core.code_systems import LOINC
from fhir_server.definitions.elements import STRUCTURES
from fhir_server.validation.findings import Finding, Findings
from fhir_server.validation.profiles import messages

_PROFILES = {
    "85353-1": "vitalspanel",
    "9279-1": "resprate",
    "8867-4": "heartrate",
    "2708-6": "oxygensat",
    "8310-5": "bodytemp",
    "8302-2": "bodyheight",
    "9843-4": "headcircum",
    "29463-7": "bodyweight",
    "39156-5": "bmi",
    "85354-9": "bp",
}
"""The profile for each LOINC code of R4's vital signs."""


def vital_sign_profiles(observation: dict[str, Any]) -> tuple[str, ...]:
    """The canonicals of the profiles that R4 requires of an Observation by its code, each once."""
    codings = observation.get("code", {}).get("coding", ())
    codes = [coding.get("code") for coding in codings if coding.get("system") == LOINC]
    return tuple(dict.fromkeys(STRUCTURES + _PROFILES[code] for code in codes if code in _PROFILES))


def as_vital_sign(findings: list[Finding], profile: str) -> Findings:
    """Turn errors against a vital signs profile into warnings, for an Observation that does not claim it.

    Units of components are left out: R4.0.1 binds all of them to the units of vital signs by mistake, since
    an oxygen saturation may come with a flow in L/min. HL7's validator treats the binding as extensible.
    """
    errors = (one for one in findings if one.severity == "error" and not _is_unit_of_component(one))
    return [_with_reason(one, profile) for one in errors] or None


def _is_unit_of_component(finding: Finding) -> bool:
    return finding.code == "code-invalid" and finding.where.startswith(".component[")


def _with_reason(finding: Finding, profile: str) -> Finding:
    reason = finding.text.template(**{**finding.text.values, "here": f"Observation{finding.where}"})
    text = messages.VITAL_SIGN(profile=profile, reason=reason)
    return replace(finding, text=text, key="vital-sign", severity="warning")
