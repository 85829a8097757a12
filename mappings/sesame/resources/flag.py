"""The Flag of a suicide risk.

https://hl7.org/fhir/R4/flag.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import concept, period, present, resource

CATEGORY = "http://terminology.hl7.org/CodeSystem/flag-category"


def suicide_risk(
    guide: Guide,
    *,
    identifier: Resource,
    patient: Resource,
    start: str,
    encounter: Resource | None = None,
    author: Resource | None = None,
) -> Resource:
    """The active Flag of a suicide risk."""
    return resource("Flag", guide.profile("sesame-flag-suicide-risk")) | present(
        identifier=[identifier],
        status="active",
        category=[concept(CATEGORY, "safety")],
        code=guide.concept("sesame-flag-code", "suicide-risk"),
        subject=patient,
        period=period(start),
        encounter=encounter,
        author=author,
    )
