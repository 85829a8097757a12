"""A message of the SÉSAME team to the general practitioner who referred the patient.

https://hl7.org/fhir/R4/communication.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import resource


def communication(
    guide: Guide,
    *,
    identifier: Resource,
    category: str,
    patient: Resource,
    referral: Resource,
    sender: Resource,
    recipient: Resource,
    sent: str,
    text: str,
) -> Resource:
    """A sent Communication; `category` is a code of sesame-communication-category."""
    return resource("Communication") | {
        "identifier": [identifier],
        "basedOn": [referral],
        "status": "completed",
        "category": [guide.concept("sesame-communication-category", category)],
        "subject": patient,
        "sent": sent,
        "recipient": [recipient],
        "sender": sender,
        "payload": [{"contentString": text}],
    }
