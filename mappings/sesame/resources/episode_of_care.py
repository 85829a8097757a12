"""The stay of a patient in SÉSAME, from the initial assessment to the exit.

https://hl7.org/fhir/R4/episodeofcare.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import period, present, resource


def episode_of_care(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    organization: Resource,
    nurse: Resource,
    referral: Resource,
    start: str,
    end: str | None = None,
    exit_reason: str | None = None,
) -> Resource:
    """An EpisodeOfCare, finished when it has an `end`; `exit_reason` is a code of sesame-exit-reason."""
    history = [{"status": "active", "period": period(start, end)}] if end else None
    return resource("EpisodeOfCare") | present(
        extension=[exit_extension(guide, exit_reason)] if exit_reason else None,
        identifier=[identifier],
        status="finished" if end else "active",
        statusHistory=history,
        patient=patient,
        managingOrganization=organization,
        period=period(start, end),
        referralRequest=[referral],
        careManager=nurse,
    )


def exit_extension(guide: Guide, reason: str) -> Resource:
    """The extension with the reason why an episode ended, a code of sesame-exit-reason."""
    return {
        "url": guide.profile("exit-reason"),
        "valueCodeableConcept": guide.concept("sesame-exit-reason", reason),
    }
