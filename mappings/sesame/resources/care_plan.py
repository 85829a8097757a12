"""A sequence of care: classique or léger.

https://hl7.org/fhir/R4/careplan.html
"""

from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.elements import period, present, resource

EPISODE = "http://hl7.org/fhir/StructureDefinition/workflow-episodeOfCare"


def care_plan(
    guide: Guide,
    *,
    identifier: Resource,
    track: str,
    rank: int,
    status: str,
    patient: Resource,
    episode: Resource,
    assessment: Resource,
    team: Resource,
    start: str,
    end: str,
    goals: list[Resource] | None = None,
    replaces: Resource | None = None,
) -> Resource:
    """A CarePlan; `track` is a code of sesame-track, `replaces` the sequence that this one renews."""
    title = guide.coding("sesame-track", track)["display"]
    return resource("CarePlan", guide.profile(f"sesame-careplan-{track}")) | present(
        extension=[
            {"url": guide.profile("sequence-rank"), "valuePositiveInt": rank},
            {"url": guide.profile("track"), "valueCoding": guide.coding("sesame-track", track)},
            {"url": EPISODE, "valueReference": episode},
        ],
        identifier=[identifier],
        instantiatesCanonical=[guide.canonical("PlanDefinition", f"sesame-{track}")],
        replaces=[replaces] if replaces else None,
        status=status,
        intent="plan",
        title=f"{title}, séquence {rank}",
        subject=patient,
        encounter=assessment,
        period=period(start, end),
        careTeam=[team],
        goal=goals,
    )
