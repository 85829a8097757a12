"""Completes a referral in the same commit: its number, its Task, its rejection, its status.

R7 and R8 of the avis du comité technique (2023): a minor, or a patient followed by a psychiatrist, is not
taken on; the referral is stored and answered all the same.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from mappings.sesame import identifiers
from mappings.sesame.guide import Guide
from mappings.sesame.identifiers import HL7_TYPES, record_id
from mappings.sesame.pathway.reading import codes, find_referring, target
from mappings.sesame.pathway.referral import (
    INITIAL_STATUSES,
    STATUS_RULES,
    Referral,
    ineligibility,
    is_referral_task,
    referral_of,
    referral_of_task,
    task_of,
)
from mappings.sesame.policy import Policy
from mappings.sesame.resources.elements import tagged_as
from mappings.sesame.resources.task import ReferralState, referral_task

TOLD_OF = {"Patient": "birthDate", "QuestionnaireResponse": "item"}
"""Other types that decide on the patient's eligibility, and the element that matters."""


class SettleReferrals:
    """Keeps a referral, its Task and the statuses of both consistent."""

    name = "referrals"
    types = frozenset({"ServiceRequest", "Task", *TOLD_OF})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def react(self, change: Change, view: View) -> Iterable[Resource]:
        found = self._of_patient(change, view) if change.type in TOLD_OF else self._own(change, view)
        for referral in found:
            yield from self._answered(referral, view)

    def _answered(self, referral: Referral, view: View) -> Iterator[Resource]:
        task = task_of(self._guide, view, referral.id)
        if task is None and (task := self._opened(referral)) is not None:
            yield task
        if task and task.get("status") in INITIAL_STATUSES:
            reason = ineligibility(self._guide, view, referral, self._policy.adult_age)
            if reason:
                task = self._rejected(task, reason)
                yield task
        yield from self._settled(referral, task)

    def _own(self, change: Change, view: View) -> Iterator[Referral]:
        """The referral stated by a ServiceRequest, or in the focus of a Task."""
        if change.type == "Task":
            task = change.after if is_referral_task(self._guide, change.after) else None
            referral = referral_of_task(self._guide, view, task)
        else:
            referral = referral_of(self._guide, view.get("ServiceRequest", change.id))
        if referral:
            yield referral

    def _of_patient(self, change: Change, view: View) -> Iterator[Referral]:
        """The referrals of a patient, when a correction may change the eligibility."""
        before, after = change.before or {}, change.after or {}
        place = TOLD_OF[change.type]
        if not before or not after or before.get(place) == after.get(place):
            return
        patient = change.id if change.type == "Patient" else target(after.get("subject"), "Patient")
        requests = find_referring(view, "ServiceRequest", "patient", f"Patient/{patient}") if patient else ()
        yield from filter(None, (referral_of(self._guide, one) for one in requests))

    def _opened(self, referral: Referral) -> Resource | None:
        """The Task of a referral that came without one; None where the referral does not say enough."""
        authored_on = referral.request.get("authoredOn")
        if referral.requester is None or authored_on is None:
            return None
        identifier = identifiers.numbered(self._guide, "record", f"{referral.number}-adressage")
        task = referral_task(
            self._guide,
            identifier=identifier,
            state=ReferralState("requested"),
            referral=referral.reference,
            patient={"reference": f"Patient/{referral.patient}"},
            requester=referral.requester,
            authored_on=authored_on,
            last_modified=authored_on,
        )
        return tagged_as(referral.request, task) | {"id": record_id("Task", identifier)}

    def _rejected(self, task: Resource, reason: str) -> Resource:
        kept = {name: value for name, value in task.items() if name != "businessStatus"}
        return kept | {
            "status": "rejected",
            "statusReason": self._guide.concept("sesame-reject-reason", reason),
        }

    def _settled(self, referral: Referral, task: Resource | None) -> Iterator[Resource]:
        """The ServiceRequest with its number and the status that follows its Task, if that changes it."""
        request = referral.request
        given = request["identifier"]
        others = [one for one in given if "FILL" not in codes(one.get("type"), HL7_TYPES)]
        rule = STATUS_RULES.get((task or {}).get("status", ""))
        settled = request | {
            "identifier": [*others, identifiers.filler(self._guide, referral.number)],
            "status": rule.request_status if rule else request["status"],
        }
        if settled != request:
            yield settled
