"""The goal of the care: remission.

https://hl7.org/fhir/R4/goal.html
"""

from fhir_server.core.code_systems import LOINC
from mappings.sesame.guide import Resource
from mappings.sesame.pathway.response_criteria import REMISSION_BELOW
from mappings.sesame.resources.elements import concept, present, resource
from mappings.sesame.scales import Scale

ACHIEVEMENT = "http://terminology.hl7.org/CodeSystem/goal-achievement"


def remission_goal(
    *, identifier: Resource, scale: Scale, patient: Resource, start: str, achieved: bool = False
) -> Resource:
    """A Goal: the score of `scale` falls below the remission threshold."""
    return resource("Goal") | present(
        identifier=[identifier],
        lifecycleStatus="completed" if achieved else "active",
        achievementStatus=concept(ACHIEVEMENT, "achieved" if achieved else "in-progress"),
        description={"text": f"Rémission : {scale.total_label} inférieur à {REMISSION_BELOW}"},
        subject=patient,
        startDate=start,
        target=[
            {
                "measure": concept(LOINC, scale.total, scale.total_label),
                "detailRange": {"high": {"value": REMISSION_BELOW - 1}},
            }
        ],
    )
