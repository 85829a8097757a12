"""The trinôme of a patient: general practitioner, nurse and psychiatrist.

https://hl7.org/fhir/R4/careteam.html
"""

from collections.abc import Mapping

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import period, resource


def care_team(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    members: Mapping[str, Resource],
    organization: Resource,
    start: str,
) -> Resource:
    """An active CareTeam; `members` are references by their code of sesame-role."""
    participants = [
        {"role": [guide.concept("sesame-role", role)], "member": member} for role, member in members.items()
    ]
    return resource("CareTeam") | {
        "identifier": [identifier],
        "status": "active",
        "name": "Trinôme SÉSAME",
        "subject": patient,
        "period": period(start),
        "participant": participants,
        "managingOrganization": [organization],
    }
