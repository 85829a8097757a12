"""Reads a referral from its ServiceRequest, and its state from its Task, which is authoritative.

Source: the programme's referral states (received, accepted, in progress, completed; rejected with a reason).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from fhir_server.core.name_based_uuid import name_based_uuid
from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import HL7_TYPES
from mappings.sesame.pathway.calendar import last_day
from mappings.sesame.pathway.reading import (
    IN_ERROR,
    Records,
    codes,
    day,
    extension,
    find_referring,
    has_code,
    questionnaire_of,
    resolved,
    target,
)

FOLLOW_UP_ITEM = "suivi-psychiatrique"


@dataclass(frozen=True, slots=True)
class StatusRule:
    """A status of the Task: the statuses that may follow, the business statuses allowed with it, and the
    status that the ServiceRequest takes.
    """

    next_statuses: tuple[str, ...]
    business_statuses: tuple[str, ...]
    request_status: str


ASSESSED = ("assessed-leger", "assessed-classique")
INITIAL_STATUSES = ("requested", "received")
STATUS_RULES: Mapping[str, StatusRule] = {
    "requested": StatusRule(("received", "rejected", "cancelled"), (), "active"),
    "received": StatusRule(("accepted", "rejected", "cancelled"), ("contact-attempted",), "active"),
    "accepted": StatusRule(
        ("in-progress", "cancelled"), ("contact-attempted", "first-appointment-booked"), "active"
    ),
    "in-progress": StatusRule(("completed", "cancelled"), ("first-appointment-booked", *ASSESSED), "active"),
    "completed": StatusRule((), ASSESSED, "completed"),
    "rejected": StatusRule((), ("contact-attempted", "not-eligible"), "revoked"),
    "cancelled": StatusRule(
        (), ("contact-attempted", "first-appointment-booked", *ASSESSED, "not-eligible"), "revoked"
    ),
    IN_ERROR: StatusRule((), (), IN_ERROR),
}


@dataclass(frozen=True, slots=True)
class Referral:
    """One referral. `placer` is the identifier given by the doctor's software, `requester` a reference to the
    doctor.
    """

    request: Resource
    id: str
    placer: Resource
    patient: str
    requester: Resource | None
    authored: date | None

    @property
    def number(self) -> str:
        """The number that this server assigns (FILL)."""
        return filler_number(self.placer)

    @property
    def reference(self) -> Resource:
        return {"reference": f"ServiceRequest/{self.id}"}


def is_referral(guide: Guide, request: Resource | None) -> bool:
    """Whether a ServiceRequest asks for the programme's care."""
    services = guide.canonical("CodeSystem", "sesame-service")
    return "soins-collaboratifs" in codes((request or {}).get("code"), services)


def missing_elements(request: Resource) -> list[str]:
    """The required elements that a referral lacks.

    The identifier makes it possible to send the referral again, the subject and the requester tell whom it is
    about and whom to answer, and the age counts on the day of authoredOn.
    """
    placer = identifier_of_type(request, "PLAC") or {}
    parts = {
        "identifier (PLAC)": placer.get("system") and placer.get("value"),
        "subject (Patient)": target(request.get("subject"), "Patient"),
        "requester": request.get("requester"),
        "authoredOn": day(request.get("authoredOn")),
    }
    return [name for name, value in parts.items() if not value]


def referral_of(guide: Guide, request: Resource | None) -> Referral | None:
    """The referral stated by a ServiceRequest; None for another service, or without placer or patient."""
    if request is None or not is_referral(guide, request):
        return None
    placer = identifier_of_type(request, "PLAC")
    patient = target(request.get("subject"), "Patient")
    if not placer or not placer.get("system") or not placer.get("value") or patient is None:
        return None
    return Referral(
        request=request,
        id=request["id"],
        placer=placer,
        patient=patient,
        requester=request.get("requester"),
        authored=day(request.get("authoredOn")),
    )


def identifier_of_type(request: Resource, code: str) -> Resource | None:
    """The identifier of a type: PLAC is given by the doctor's software, FILL by this server."""
    found: Iterable[Resource] = request.get("identifier", ())
    return next((one for one in found if code in codes(one.get("type"), HL7_TYPES)), None)


def filler_number(placer: Mapping[str, str]) -> str:
    """The FILL number derived from the PLAC identifier: the same identifier always gives the same number."""
    digits = name_based_uuid(f"{placer['system']}|{placer['value']}").replace("-", "")[:12].upper()
    return "-".join((digits[:4], digits[4:8], digits[8:]))


def is_referral_task(guide: Guide, task: Resource | None) -> bool:
    """Whether a Task states the state of a referral."""
    kinds = guide.canonical("CodeSystem", "sesame-task-code")
    return task is not None and has_code([task.get("code", {})], kinds, "referral")


def task_of(guide: Guide, records: Records, referral: str) -> Resource | None:
    """The Task with the state of ServiceRequest/`referral`; None where there is none."""
    found = find_referring(records, "Task", "focus", f"ServiceRequest/{referral}")
    return next((task for task in found if is_referral_task(guide, task)), None)


def referral_of_task(guide: Guide, records: Records, task: Resource | None) -> Referral | None:
    """The referral in the focus of a Task, if it is on record."""
    return referral_of(guide, resolved(records, (task or {}).get("focus"), "ServiceRequest"))


def business_status(guide: Guide, task: Resource | None) -> str | None:
    """The code of a Task's business status."""
    system = guide.canonical("CodeSystem", "sesame-referral-status")
    return next(codes((task or {}).get("businessStatus"), system), None)


def reject_reason(guide: Guide, task: Resource) -> str | None:
    """The code of the reason for which a Task was rejected."""
    return next(codes(task.get("statusReason"), guide.canonical("CodeSystem", "sesame-reject-reason")), None)


def ineligibility(guide: Guide, records: Records, referral: Referral, adult_age: int) -> str | None:
    """Why the patient cannot be taken on, a code of sesame-reject-reason; None where nothing known prevents
    it.

    R7: an adult on the day of the referral. R8: no psychiatric follow-up. Avis du comité technique (2023).
    """
    patient = records.get("Patient", referral.patient) or {}
    if is_minor(patient.get("birthDate"), referral.authored, adult_age):
        return "under-18"
    if True in _follow_ups(guide, records, referral.request):
        return "psychiatric-follow-up"
    return None


def is_minor(born: object, on: date | None, adult_age: int) -> bool:
    """Whether someone is certainly younger than `adult_age` years on that day.

    A partial birth date counts as its earliest day, so that nobody who may be an adult is rejected unseen.
    """
    earliest = _earliest(born)
    if earliest is None or on is None:
        return False
    years = on.year - earliest.year - ((on.month, on.day) < (earliest.month, earliest.day))
    return years < adult_age


def is_surely_adult(born: object, on: date | None, adult_age: int) -> bool:
    """Whether someone is certainly an adult on that day: a partial birth date counts as its latest day."""
    latest = _latest(born)
    return latest is not None and on is not None and not is_minor(latest.isoformat(), on, adult_age)


def _earliest(born: object) -> date | None:
    padded = f"{born}-01-01"[:10] if isinstance(born, str) else None
    return day(padded)


def _latest(born: object) -> date | None:
    earliest = _earliest(born)
    if earliest is None or not isinstance(born, str) or len(born) >= 10:
        return earliest
    return last_day(earliest, 12 if len(born) == 4 else 1)


def is_follow_up_answered(guide: Guide, records: Records, request: Resource) -> bool:
    """Whether the referral or its form answers if a psychiatrist follows the patient."""
    return bool(_follow_ups(guide, records, request))


def _follow_ups(guide: Guide, records: Records, request: Resource) -> list[bool]:
    """All answers of the referral and its forms on whether a psychiatrist follows the patient."""
    without = extension(request, guide.profile("sans-suivi-psychiatrique")).get("valueBoolean")
    form = guide.canonical("Questionnaire", "adressage")
    forms = (resolved(records, one, "QuestionnaireResponse") for one in request.get("supportingInfo", ()))
    answers = [
        answer["valueBoolean"]
        for response in forms
        if response and response.get("status") != IN_ERROR and questionnaire_of(response) == form
        for item in response.get("item", ())
        if item.get("linkId") == FOLLOW_UP_ITEM
        for answer in item.get("answer", ())
        if "valueBoolean" in answer
    ]
    return answers if without is None else [not without, *answers]
