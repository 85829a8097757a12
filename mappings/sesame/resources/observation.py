"""The total score of a scale.

https://hl7.org/fhir/R4/observation.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import LOINC, concept, present, resource
from mappings.sesame.scales import Scale

CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def score_observation(
    guide: Guide,
    *,
    identifier: Resource,
    scale: Scale,
    score: int,
    patient: Resource,
    date: str,
    response: Resource | None = None,
    encounter: Resource | None = None,
    performer: Resource | None = None,
) -> Resource:
    """The final Observation of `score`; `response` is the answers it was derived from."""
    return resource("Observation", guide.profile("sesame-observation-score")) | present(
        identifier=[identifier],
        status="final",
        category=[concept(CATEGORY, "survey")],
        code=concept(LOINC, scale.total, scale.total_label),
        subject=patient,
        encounter=encounter,
        effectiveDateTime=date,
        performer=[performer] if performer else None,
        valueInteger=score,
        derivedFrom=[response] if response else None,
    )
