"""The compulsory health insurance of a patient.

https://hl7.org/fhir/R4/coverage.html
"""

from mappings.sesame.guide import Resource
from mappings.sesame.resources.elements import ACT_CODE, concept, resource

RELATIONSHIP = "http://terminology.hl7.org/CodeSystem/subscriber-relationship"


def coverage(*, identifier: Resource, patient: Resource, social_security: str, insurer: Resource) -> Resource:
    """A Coverage in which the patient is the insured person; `social_security` is the NIR and its key."""
    return resource("Coverage") | {
        "identifier": [identifier],
        "status": "active",
        "type": concept(ACT_CODE, "PUBLICPOL", "Assurance maladie obligatoire (AMO)"),
        "subscriber": patient,
        "subscriberId": social_security,
        "beneficiary": patient,
        "relationship": concept(RELATIONSHIP, "self"),
        "payor": [insurer],
    }
