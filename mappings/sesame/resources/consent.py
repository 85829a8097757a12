"""A patient's agreement or opposition: to team care, to the evaluation, to research.

https://hl7.org/fhir/R4/consent.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import ACT_CODE, concept, resource

SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"

# Purpose -> scope, policy: only the evaluation goes on unless the patient objects.
PURPOSES = {
    "team-care": ("treatment", "OPTIN"),
    "evaluation": ("research", "OPTOUT"),
    "research": ("research", "OPTIN"),
}


def consent(
    guide: Guide, *, identifier: Resource, purpose: str, patient: Resource, date: str, permit: bool = True
) -> Resource:
    """A Consent; `purpose` is a code of sesame-consent-purpose, `permit` False an opposition."""
    scope, policy = PURPOSES[purpose]
    return resource("Consent") | {
        "identifier": [identifier],
        "status": "active",
        "scope": concept(SCOPE, scope),
        "category": [guide.concept("sesame-consent-purpose", purpose)],
        "patient": patient,
        "dateTime": date,
        "performer": [patient],
        "policyRule": concept(ACT_CODE, policy),
        "provision": {"type": "permit" if permit else "deny"},
    }
