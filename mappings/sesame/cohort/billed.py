"""The sequences of a patient, and the claim of each."""

from collections.abc import Iterator

from mappings.sesame import identifiers
from mappings.sesame.cohort.course import Sequence
from mappings.sesame.cohort.dossier import Dossier, moment
from mappings.sesame.guide import Resource
from mappings.sesame.resources.care_plan import care_plan
from mappings.sesame.resources.claim import claim
from mappings.sesame.resources.goal import remission_goal
from mappings.sesame.tariff import price_on
from mappings.sesame.transaction import inside, stored


def sequences(
    dossier: Dossier, episode: Resource, assessment: Resource, team: Resource
) -> Iterator[Resource]:
    """The goal, then each sequence with its claim, linked to the one before."""
    if not dossier.course.sequences:
        return
    goal = _goal(dossier)
    yield goal
    context = (episode, assessment, team, goal)
    plan: Resource | None = None
    bill: Resource | None = None
    for sequence in dossier.course.sequences:
        plan, bill = _plan(dossier, sequence, context, plan), _claim(dossier, sequence, bill)
        yield from (plan, bill)


def _goal(dossier: Dossier) -> Resource:
    return remission_goal(
        identifier=dossier.number("record", "objectif"),
        scale=dossier.kit.phq9,
        patient=dossier.party.patient,
        start=dossier.course.sequences[0].start.isoformat(),
        achieved=dossier.course.stage.exit_reason == "goals-reached",
    )


def _plan(
    dossier: Dossier,
    sequence: Sequence,
    context: tuple[Resource, Resource, Resource, Resource],
    previous: Resource | None,
) -> Resource:
    episode, assessment, team, goal = map(inside, context)
    return care_plan(
        dossier.guide,
        identifier=dossier.number("care-plan", sequence.rank),
        track=dossier.track,
        rank=sequence.rank,
        status="completed" if sequence.over else "active",
        patient=dossier.party.patient,
        episode=episode,
        assessment=assessment,
        team=team,
        start=sequence.start.isoformat(),
        end=sequence.end.isoformat(),
        goals=[goal],
        replaces=inside(previous) if previous else None,
    )


def _claim(dossier: Dossier, sequence: Sequence, prior: Resource | None) -> Resource:
    """The claim of a sequence, issued on its first day at the tariff of that day."""
    kit, party = dossier.kit, dossier.party
    return claim(
        dossier.guide,
        identifier=dossier.number("claim", sequence.rank, 0),
        price=price_on(kit.tariff, dossier.track, sequence.start),
        rank=sequence.rank,
        patient=party.patient | {"identifier": identifiers.social_security(party.nir)},
        start=sequence.start.isoformat(),
        end=sequence.end.isoformat(),
        created=moment(sequence.start, 18),
        insurer=stored(kit.team.insurer),
        provider=stored(kit.team.carrier),
        referral=party.placer,
        care_plan=dossier.number("care-plan", sequence.rank),
        site=party.site,
        coverage=party.coverage,
        prior=inside(prior) if prior else None,
    )
