"""A message of the SÉSAME team to the general practitioner who referred the patient.

https://hl7.org/fhir/R4/communication.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import present, resource

ADVICE = "case-review-advice"


def communication(
    guide: Guide,
    *,
    identifier: Resource,
    category: str,
    patient: Resource,
    referral: Resource,
    sender: Resource | None,
    recipient: Resource,
    sent: str | None,
    text: str,
    about: Resource | None = None,
    encounter: Resource | None = None,
) -> Resource:
    """A sent Communication; `category` is a code of sesame-communication-category."""
    profile = guide.profile("sesame-communication-advice") if category == ADVICE and sent and sender else None
    return resource("Communication", profile) | present(
        identifier=[identifier],
        basedOn=[referral],
        status="completed",
        category=[guide.concept("sesame-communication-category", category)],
        subject=patient,
        about=[about] if about else None,
        encounter=encounter,
        sent=sent,
        recipient=[recipient],
        sender=sender,
        payload=[{"contentString": text}],
    )
