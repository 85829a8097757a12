"""The resources that the nurse records: assessment, contacts, scales, case reviews, exit."""

from collections.abc import Iterator
from datetime import date

from mappings.sesame import identifiers
from mappings.sesame.cohort.dossier import Dossier, moment
from mappings.sesame.cohort.sequences import sequence_resources
from mappings.sesame.guide import Resource
from mappings.sesame.resources.care_team import care_team
from mappings.sesame.resources.case_review import case_review, recommendation
from mappings.sesame.resources.communication import Message, communication
from mappings.sesame.resources.encounter import encounter
from mappings.sesame.resources.episode_of_care import episode_of_care
from mappings.sesame.resources.questionnaire_response import scale_response
from mappings.sesame.scales import Scale
from mappings.sesame.transaction import inside, stored


def care_resources(dossier: Dossier) -> Iterator[Resource]:
    """All resources of the care; none for a patient who was not assessed."""
    course, context = dossier.course, dossier.context
    if course.assessed_on is None:
        return
    episode, team = _episode(dossier, course.assessed_on), _team(dossier, course.assessed_on)
    assessment = _visit(dossier, episode, "initial-assessment", 0, course.assessed_on, "AMB")
    yield from (episode, team, assessment)
    yield _passation(dossier, context.phq9, course.phq9, course.assessed_on, 0, assessment)
    yield _passation(dossier, context.gad7, course.gad7, course.assessed_on, 0, assessment)
    yield from sequence_resources(dossier, episode, assessment, team)
    yield from _contacts(dossier, episode)
    yield from _reviews(dossier, episode)
    if course.exited_on:
        yield _exit_report(dossier, course.exited_on)


def _episode(dossier: Dossier, start: date) -> Resource:
    exited_on = dossier.course.exited_on
    return episode_of_care(
        dossier.guide,
        identifier=dossier.number("episode"),
        patient=dossier.party.patient,
        organization=stored(dossier.context.team.carrier),
        nurse=dossier.party.nurse,
        referral=dossier.party.referral,
        start=start.isoformat(),
        end=exited_on.isoformat() if exited_on else None,
        exit_reason=dossier.course.stage.exit_reason,
    )


def _team(dossier: Dossier, start: date) -> Resource:
    party = dossier.party
    return care_team(
        dossier.guide,
        identifier=dossier.number("record", "equipe"),
        patient=party.patient,
        members={"medecin-generaliste": party.doctor, "ide": party.nurse, "psychiatre": party.psychiatrist},
        organization=stored(dossier.context.team.carrier),
        start=start.isoformat(),
    )


def _visit(dossier: Dossier, episode: Resource, kind: str, place: int, day: date, modality: str) -> Resource:
    return encounter(
        dossier.guide,
        identifier=identifiers.visit(dossier.guide, f"{dossier.course.number:05}-contact-{place}"),
        kind=kind,
        modality=modality,
        patient=dossier.party.patient,
        episode=inside(episode),
        nurse=dossier.party.nurse,
        start=moment(day, 14),
        end=moment(day, 14, 45),
        referral=dossier.party.referral,
    )


def _contacts(dossier: Dossier, episode: Resource) -> Iterator[Resource]:
    for place, contact in enumerate(dossier.course.contacts, start=1):
        visit = _visit(dossier, episode, "nurse-contact", place, contact.day, contact.modality)
        yield visit
        if contact.phq9 is not None:
            yield _passation(dossier, dossier.context.phq9, contact.phq9, contact.day, place, visit)


def _passation(
    dossier: Dossier, scale: Scale, answers: tuple[int, ...], day: date, place: int, visit: Resource
) -> Resource:
    """The answers to a scale; the server itself writes the score."""
    party = dossier.party
    return scale_response(
        dossier.guide,
        identifier=dossier.number("record", scale.id, place),
        scale=scale,
        answers=answers,
        patient=party.patient,
        authored=moment(day, 14, 20),
        encounter=inside(visit),
        author=party.nurse,
    )


def _reviews(dossier: Dossier, episode: Resource) -> Iterator[Resource]:
    party = dossier.party
    for place, day in enumerate(dossier.course.reviewed_on, start=1):
        review = case_review(
            dossier.guide,
            identifier=identifiers.visit(dossier.guide, f"{dossier.course.number:05}-revue-{place}"),
            patient=party.patient,
            episode=inside(episode),
            members={"ide": party.nurse, "psychiatre": party.psychiatrist},
            start=moment(day, 12),
            end=moment(day, 12, 10),
        )
        yield review
        yield recommendation(
            dossier.guide,
            identifier=dossier.number("record", "recommandation", place),
            patient=party.patient,
            review=inside(review),
            assessor=party.psychiatrist,
            date=moment(day, 12, 10),
            text="Poursuivre le suivi infirmier (recommandation fictive).",
        )


def _exit_report(dossier: Dossier, day: date) -> Resource:
    party = dossier.party
    return communication(
        dossier.guide,
        identifier=dossier.number("record", "sortie"),
        category="exit-report",
        patient=party.patient,
        referral=party.referral,
        message=Message(
            text="Fin de la prise en charge SÉSAME (message fictif).",
            sent=moment(day, 17),
            sender=party.nurse,
            recipient=party.doctor,
        ),
    )
