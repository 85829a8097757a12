"""The successive states of a referral after its arrival, each a version of its Task."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta

from mappings.sesame.cohort.dossier import Dossier, moment
from mappings.sesame.guide import Resource
from mappings.sesame.resources.task import ReferralState, referral_task
from mappings.sesame.transaction import stored

STATUS_ORDER = ("requested", "received", "accepted", "in-progress", "completed")
BOOKED = "first-appointment-booked"


def referral_states(dossier: Dossier, found: Iterable[Resource]) -> Iterator[Resource]:
    """The Task of the referral in each state set by the team; `found` are the resources that the doctor sent.

    None for a referral that the server itself rejects.
    """
    status = dossier.course.stage.status
    if status not in STATUS_ORDER:
        return
    of_type = {resource["resourceType"]: resource for resource in found}
    for reached in STATUS_ORDER[1 : STATUS_ORDER.index(status) + 1]:
        yield _task(dossier, of_type, reached)


def _task(dossier: Dossier, of_type: dict[str, Resource], status: str) -> Resource:
    course, sent = dossier.course, of_type["Task"]
    booked = BOOKED if status == "accepted" else None
    is_last = status in (course.stage.status, "in-progress")
    return referral_task(
        dossier.guide,
        identifier=sent["identifier"][0],
        state=ReferralState(status, course.stage.business_status if is_last else booked),
        referral=stored(of_type["ServiceRequest"]),
        patient=stored(of_type["Patient"]),
        requester=sent["requester"],
        authored_on=sent["authoredOn"],
        last_modified=moment(_reached_on(dossier, status), 17),
        owner=dossier.party.nurse,
    )


def _reached_on(dossier: Dossier, status: str) -> date:
    course = dossier.course
    days = {
        "received": course.referred_on,
        "accepted": course.referred_on + timedelta(days=1),
        "in-progress": course.assessed_on,
        "completed": course.exited_on,
    }
    return days[status] or course.referred_on
