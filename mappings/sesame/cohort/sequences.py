"""The sequences of a patient. The server itself writes the claim of each."""

from collections.abc import Iterator

from mappings.sesame.cohort.course import Sequence
from mappings.sesame.cohort.dossier import Dossier
from mappings.sesame.guide import Resource
from mappings.sesame.resources.care_plan import Prerequisites, care_plan
from mappings.sesame.resources.goal import remission_goal
from mappings.sesame.transaction import inside


def sequence_resources(
    dossier: Dossier, episode: Resource, assessment: Resource, team: Resource
) -> Iterator[Resource]:
    """The goal, then each sequence, linked to the previous one."""
    if not dossier.course.sequences:
        return
    goal = _goal(dossier)
    yield goal
    prerequisites = Prerequisites(
        episode=inside(episode), assessment=inside(assessment), team=inside(team), goal=inside(goal)
    )
    plan: Resource | None = None
    for sequence in dossier.course.sequences:
        plan = _plan(dossier, sequence, prerequisites, plan)
        yield plan


def _goal(dossier: Dossier) -> Resource:
    return remission_goal(
        identifier=dossier.number("record", "objectif"),
        scale=dossier.context.phq9,
        patient=dossier.party.patient,
        start=dossier.course.sequences[0].start.isoformat(),
        achieved=dossier.course.stage.exit_reason == "goals-reached",
    )


def _plan(
    dossier: Dossier, sequence: Sequence, prerequisites: Prerequisites, previous: Resource | None
) -> Resource:
    return care_plan(
        dossier.guide,
        identifier=dossier.number("care-plan", sequence.rank),
        track=dossier.track,
        rank=sequence.rank,
        status="completed" if sequence.over else "active",
        patient=dossier.party.patient,
        prerequisites=prerequisites,
        start=sequence.start.isoformat(),
        end=sequence.end.isoformat(),
        replaces=inside(previous) if previous else None,
    )
