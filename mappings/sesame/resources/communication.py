"""A message of the SÉSAME team to the general practitioner who referred the patient.

https://hl7.org/fhir/R4/communication.html
"""

from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import present, resource

ADVICE = "case-review-advice"


@dataclass(frozen=True, slots=True)
class Message:
    """The text of a message, its time, sender and recipient; people are references."""

    text: str
    sent: str | None
    sender: Resource | None
    recipient: Resource


def communication(
    guide: Guide,
    *,
    identifier: Resource,
    category: str,
    patient: Resource,
    referral: Resource,
    message: Message,
    about: Resource | None = None,
    encounter: Resource | None = None,
) -> Resource:
    """A sent Communication; `category` is a code of sesame-communication-category."""
    is_advice = category == ADVICE and message.sent and message.sender
    profile = guide.profile("sesame-communication-advice") if is_advice else None
    return resource("Communication", profile) | present(
        identifier=[identifier],
        basedOn=[referral],
        status="completed",
        category=[guide.concept("sesame-communication-category", category)],
        subject=patient,
        about=[about] if about else None,
        encounter=encounter,
        sent=message.sent,
        recipient=[message.recipient],
        sender=message.sender,
        payload=payload(message.text),
    )


def payload(text: str) -> list[Resource]:
    """The payload of a Communication with this text."""
    return [{"contentString": text}]
