"""The total score of a scale, and the outcome since the first score.

https://hl7.org/fhir/R4/observation.html
"""

from dataclasses import dataclass

from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import concept, present, resource
from mappings.sesame.scales import SEVERITY, Scale

ABSENT = "http://terminology.hl7.org/CodeSystem/data-absent-reason"
CATEGORY = "http://terminology.hl7.org/CodeSystem/observation-category"


def score_observation(
    guide: Guide,
    *,
    identifier: Resource,
    scale: Scale,
    score: int,
    patient: Resource,
    date: str,
    response: Resource,
    encounter: Resource | None = None,
    performer: Resource | None = None,
) -> Resource:
    """The final Observation of `score` with its severity; `response` is the answers it was derived from."""
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
        interpretation=severity(guide, scale, score),
        derivedFrom=[response],
    )


def severity(guide: Guide, scale: Scale, score: int) -> list[Resource]:
    """The severity class of a score, as a list with one CodeableConcept; empty for a scale
    without classes.
    """
    band = scale.band(score)
    return [guide.concept(SEVERITY[scale.id], band.code)] if band else []


@dataclass(frozen=True, slots=True)
class Measured:
    """A score, and a reference to the Observation that states it."""

    observation: Resource
    value: int


def outcome_observation(
    guide: Guide,
    *,
    identifier: Resource,
    kind: str,
    outcome: str | None,
    patient: Resource,
    date: str,
    baseline: Measured,
    current: Measured,
) -> Resource:
    """The Observation of an outcome.

    `kind` is treatment-response or remission; `outcome` a code of sesame-outcome, None where it does not
    apply.
    """
    return resource("Observation", guide.profile("sesame-observation-outcome")) | present(
        identifier=[identifier],
        status="final",
        code=guide.concept("sesame-observation-code", kind),
        subject=patient,
        effectiveDateTime=date,
        valueCodeableConcept=guide.concept("sesame-outcome", outcome) if outcome else None,
        dataAbsentReason=None if outcome else concept(ABSENT, "not-applicable"),
        derivedFrom=[baseline.observation, current.observation],
        component=[
            {
                "code": guide.concept("sesame-observation-code", "baseline-score"),
                "valueInteger": baseline.value,
            },
            {
                "code": guide.concept("sesame-observation-code", "current-score"),
                "valueInteger": current.value,
            },
        ],
    )
