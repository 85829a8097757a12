"""A sequence of care: classique or léger.

https://hl7.org/fhir/R4/careplan.html
"""

from dataclasses import dataclass

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import period, present, resource

EPISODE = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """References to the resources that a sequence requires."""

    episode: Resource
    assessment: Resource
    team: Resource
    goal: Resource


def care_plan(
    guide: Guide,
    *,
    identifier: Resource,
    track: str,
    rank: int,
    status: str,
    patient: Resource,
    prerequisites: Prerequisites,
    start: str,
    end: str,
    replaces: Resource | None = None,
) -> Resource:
    """A CarePlan; `track` is a code of sesame-track, `replaces` the sequence that this one renews."""
    return resource("CarePlan", guide.profile(f"sesame-careplan-{track}")) | present(
        extension=[
            rank_extension(guide, rank),
            track_extension(guide, track),
            {"url": EPISODE, "valueReference": prerequisites.episode},
        ],
        identifier=[identifier],
        instantiatesCanonical=[guide.canonical("PlanDefinition", f"sesame-{track}")],
        replaces=[replaces] if replaces else None,
        status=status,
        intent="plan",
        title=title(guide, track, rank),
        subject=patient,
        encounter=prerequisites.assessment,
        period=period(start, end),
        careTeam=[prerequisites.team],
        goal=[prerequisites.goal],
    )


def rank_extension(guide: Guide, rank: int) -> Resource:
    """The extension with the rank of a sequence in its episode, from 1."""
    return {"url": guide.profile("sequence-rank"), "valuePositiveInt": rank}


def track_extension(guide: Guide, track: str) -> Resource:
    """The extension with the track of a sequence."""
    return {"url": guide.profile("track"), "valueCoding": guide.coding("sesame-track", track)}


def title(guide: Guide, track: str, rank: int) -> str:
    """The title of a sequence."""
    return f"{guide.coding('sesame-track', track)['display']}, séquence {rank}"
