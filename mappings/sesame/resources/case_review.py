"""The weekly case review of one patient by the nurse and the psychiatrist, and its recommendation.

A review is not a contact: the patient does not take part. https://hl7.org/fhir/R4/clinicalimpression.html
"""

from collections.abc import Mapping

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import ACT_CODE, period, resource


def case_review(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    episode: Resource,
    members: Mapping[str, Resource],
    start: str,
    end: str,
) -> Resource:
    """A finished Encounter; `members` are references by their code of sesame-role."""
    participants = [
        {"type": [guide.concept("sesame-role", role)], "individual": member}
        for role, member in members.items()
    ]
    return resource("Encounter", guide.profile("sesame-encounter-case-review")) | {
        "identifier": [identifier],
        "status": "finished",
        "class": {"system": ACT_CODE, "code": "VR"},
        "type": [guide.concept("sesame-encounter-type", "case-review")],
        "subject": patient,
        "episodeOfCare": [episode],
        "participant": participants,
        "period": period(start, end),
    }


def recommendation(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    review: Resource,
    assessor: Resource,
    date: str,
    text: str,
) -> Resource:
    """The psychiatrist's ClinicalImpression that concludes a review."""
    return resource("ClinicalImpression", guide.profile("sesame-clinicalimpression-case-review")) | {
        "identifier": [identifier],
        "status": "completed",
        "subject": patient,
        "encounter": review,
        "date": date,
        "assessor": assessor,
        "summary": text,
    }
