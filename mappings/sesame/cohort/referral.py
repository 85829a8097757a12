"""The resources that the general practitioner's software sends: patient, consent, form, referral."""

from datetime import date

from mappings.sesame import identifiers
from mappings.sesame.check_digits import nir_key
from mappings.sesame.cohort.course import Course
from mappings.sesame.cohort.dossier import SOFTWARE, CohortContext, Dossier, Party, moment
from mappings.sesame.guide import Guide, Resource
from mappings.sesame.resources.consent import consent
from mappings.sesame.resources.coverage import coverage
from mappings.sesame.resources.patient import Traits, patient
from mappings.sesame.resources.questionnaire_response import referral_form
from mappings.sesame.resources.service_request import referral
from mappings.sesame.resources.task import ReferralState, referral_task
from mappings.sesame.transaction import inside, stored

GIVEN = ("Camille", "Dominique", "Claude", "Andrea", "Morgan", "Sam", "Ange", "Yaël")
BIRTH_PLACE = ("78646", "Versailles")
REASONS = (
    ("F32.1", "Épisode dépressif moyen"),
    ("F41.1", "Anxiété généralisée"),
    (None, "Humeur dépressive"),
)


def referral_resources(context: CohortContext, course: Course) -> tuple[list[Resource], Dossier]:
    """The resources of the referral, and the dossier for the resources of the care."""
    person = _patient(context.guide, course)
    nir = person["identifier"][0]["value"]
    doctor = stored(context.team.doctors[course.number % len(context.team.doctors)].role)
    cover = coverage(
        identifier=_own("couverture", course),
        patient=inside(person),
        social_security=nir,
        insurer=stored(context.team.insurer),
    )
    supporting = [_consent(context.guide, course, person), _form(context.guide, course, person, doctor)]
    request = _request(context.guide, course, person, doctor, supporting, cover)
    place = course.number % len(context.team.sites)
    party = Party(
        nir=nir,
        placer=request["identifier"][0],
        site=context.team.sites[place]["identifier"][0],
        patient=inside(person),
        coverage=inside(cover),
        referral=inside(request),
        doctor=doctor,
        nurse=stored(context.team.nurses[place].role),
        psychiatrist=stored(context.team.psychiatrists[place].role),
    )
    dossier = Dossier(context, course, party)
    return [person, cover, *supporting, request, _task(dossier)], dossier


def _own(kind: str, course: Course) -> Resource:
    """An identifier in the namespace of the referring software."""
    return identifiers.identifier(f"{SOFTWARE}/{kind}", f"{course.number:05}")


def _patient(guide: Guide, course: Course) -> Resource:
    """A synthetic person. The NIR has a valid key and is unique among 40,000 patients."""
    number = course.number
    birth = date(1955 + (number + number // 900) % 45, 1 + number % 12, 1 + number % 28)
    body = f"{1 + (number + 1) % 2}{birth:%y%m}{BIRTH_PLACE[0]}{100 + number % 900}"
    return patient(
        guide,
        identifiers=[
            identifiers.ins_nir_test(body + nir_key(body)),
            identifiers.internal(f"{SOFTWARE}/patient", f"{number:05}"),
        ],
        traits=Traits(
            family=f"FICTIF-{number:05}",
            given=GIVEN[number % len(GIVEN)],
            gender=("female", "male")[number % 2],
            birth_date=birth.isoformat(),
            birth_place=BIRTH_PLACE,
        ),
    )


def _consent(guide: Guide, course: Course, person: Resource) -> Resource:
    return consent(
        guide,
        identifier=_own("consentement", course),
        purpose="team-care",
        patient=inside(person),
        date=moment(course.referred_on, 10),
    )


def _form(guide: Guide, course: Course, person: Resource, doctor: Resource) -> Resource:
    return referral_form(
        guide,
        identifier=_own("formulaire", course),
        patient=inside(person),
        authored=moment(course.referred_on, 10, 5),
        author=doctor,
        psychiatric_follow_up=course.psychiatric_follow_up,
    )


def _request(
    guide: Guide,
    course: Course,
    person: Resource,
    doctor: Resource,
    supporting: list[Resource],
    cover: Resource,
) -> Resource:
    return referral(
        guide,
        identifiers=[identifiers.placer(f"{SOFTWARE}/adressage", f"{course.number:05}")],
        patient=inside(person),
        requester=doctor,
        authored_on=moment(course.referred_on, 10, 10),
        reason=REASONS[course.number % len(REASONS)],
        psychiatric_follow_up=course.psychiatric_follow_up,
        supporting=[inside(found) for found in supporting],
        coverage=inside(cover),
    )


def _task(dossier: Dossier) -> Resource:
    course, party = dossier.course, dossier.party
    return referral_task(
        dossier.guide,
        identifier=_own("tache", course),
        state=ReferralState("requested"),
        referral=party.referral,
        patient=party.patient,
        requester=party.doctor,
        authored_on=moment(course.referred_on, 10, 10),
        last_modified=moment(course.referred_on, 10, 10),
    )
