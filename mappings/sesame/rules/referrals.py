"""Checks of referrals: only the Task changes the state, and the ServiceRequest follows.

Source: the programme's referral states. A referral of a patient who cannot be taken on is not refused: it is
stored, and its Task is rejected in the same commit.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import IN_ERROR, find_all_by_identifier, find_referring, target
from mappings.sesame.pathway.referral import (
    INITIAL_STATUSES,
    STATUS_RULES,
    Referral,
    business_status,
    identifier_of_type,
    ineligibility,
    is_follow_up_answered,
    is_minor,
    is_referral,
    is_referral_task,
    is_surely_adult,
    missing_elements,
    referral_of,
    referral_of_task,
    reject_reason,
    task_of,
)
from mappings.sesame.policy import Policy
from mappings.sesame.rules import referral_messages as messages
from mappings.sesame.rules.issues import refusal


class ReferralTaskRules:
    """Whether the Task of a referral is valid, and may move to its new state."""

    name = "referral-tasks"
    types = frozenset({"Task"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        before, task = change.before, change.after
        was_ours = is_referral_task(self._guide, before)
        if task is None:
            if was_ours:
                yield refusal(messages.TASK_KEPT(), "Task")
            return
        if not is_referral_task(self._guide, task):
            if was_ours:
                yield refusal(messages.TASK_KEPT(), "Task.code")
            return
        yield from self._focus(before if was_ours else None, task, view)
        yield from _moves(before if was_ours else None, task)
        yield from self._codes(task)
        if task.get("status") == "accepted" != (before or {}).get("status"):
            yield from self._acceptance(task, view)

    def _focus(self, before: Resource | None, task: Resource, view: View) -> Iterator[Issue]:
        referral = referral_of_task(self._guide, view, task)
        was = target((before or {}).get("focus"), "ServiceRequest")
        if was and target(task.get("focus"), "ServiceRequest") != was:
            yield refusal(messages.FOCUS_FIXED(id=was), "Task.focus")
        elif referral is None:
            yield refusal(messages.REFERRAL_NEEDED(), "Task.focus")
        else:
            lock_references_to(view, "ServiceRequest", referral.id)
            if target(task.get("for"), "Patient") != referral.patient:
                yield refusal(messages.PATIENT_DIFFERS(patient=referral.patient), "Task.for")
            for other in find_referring(view, "Task", "focus", f"ServiceRequest/{referral.id}"):
                if other["id"] != task["id"] and is_referral_task(self._guide, other):
                    yield refusal(messages.TASK_ONCE(id=other["id"]), "Task.focus")

    def _acceptance(self, task: Resource, view: View) -> Iterator[Issue]:
        """R7 and R8 are checked again, since facts may have changed since the referral arrived."""
        referral = referral_of_task(self._guide, view, task)
        if referral is None:
            return
        reason = ineligibility(self._guide, view, referral, self._policy.adult_age)
        if reason:
            yield refusal(messages.INELIGIBLE(reason=reason), "Task.status")
        elif not is_follow_up_answered(self._guide, view, referral.request):
            yield refusal(messages.FOLLOW_UP_UNANSWERED(id=referral.id), "Task.status")

    def _codes(self, task: Resource) -> Iterator[Issue]:
        """The business status must be allowed with the status, and a rejection must state its reason."""
        status, business = task.get("status", ""), business_status(self._guide, task)
        rule = STATUS_RULES.get(status)
        if rule and business and status != IN_ERROR and business not in rule.business_statuses:
            allowed = ", ".join(rule.business_statuses) or messages.NOTHING()
            text = messages.BUSINESS_MISFIT(business=business, status=status, allowed=allowed)
            yield refusal(text, "Task.businessStatus")
        if status == "rejected" and reject_reason(self._guide, task) is None:
            yield refusal(messages.REASON_NEEDED(), "Task.statusReason")


def _moves(before: Resource | None, task: Resource) -> Iterator[Issue]:
    status = task.get("status", "?")
    if before is None:
        if status not in INITIAL_STATUSES:
            text = messages.BEGINS_OTHERWISE(status=status, allowed=", ".join(INITIAL_STATUSES))
            yield refusal(text, "Task.status")
        return
    was = before.get("status", "?")
    if status == was:
        return
    next_statuses = STATUS_RULES[was].next_statuses if was in STATUS_RULES else ()
    allowed = (*next_statuses, *(() if was == IN_ERROR else (IN_ERROR,)))
    if status not in allowed:
        named = ", ".join(allowed) or messages.NOTHING()
        yield refusal(messages.ILLEGAL_MOVE(before=was, after=status, allowed=named), "Task.status")


class ReferralRules:
    """Whether a ServiceRequest is a valid referral: sent once, with the status that its Task requires."""

    name = "referrals"
    types = frozenset({"ServiceRequest"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        before = referral_of(self._guide, change.before)
        # The present version: since the change, a reaction may have made its status follow the Task.
        request = view.get("ServiceRequest", change.id) if change.after else None
        referral = referral_of(self._guide, request)
        if before and referral is None:
            yield refusal(messages.REFERRAL_KEPT(), "ServiceRequest")
        elif request and is_referral(self._guide, request) and (names := missing_elements(request)):
            yield refusal(messages.REFERRAL_LACKS(names=", ".join(names)), "ServiceRequest")
        if referral is None:
            return
        lock_references_to(view, "ServiceRequest", referral.id)
        yield from self._sent_once(referral, view)
        yield from self._same(before, referral)
        yield from self._status(referral, view)
        if change.before is None:
            yield from self._patient(referral, view)

    def _patient(self, referral: Referral, view: View) -> Iterator[Issue]:
        """The patient must be on record, and should have a birth date that tells the age."""
        place = "ServiceRequest.subject"
        patient = view.get("Patient", referral.patient)
        if patient is None:
            yield refusal(messages.PATIENT_UNKNOWN(id=referral.patient), place)
            return
        told = (patient.get("birthDate"), referral.authored, self._policy.adult_age)
        if not is_minor(*told) and not is_surely_adult(*told):
            yield Issue("warning", "business-rule", messages.AGE_UNKNOWN(), (place,))

    def _sent_once(self, referral: Referral, view: View) -> Iterator[Issue]:
        place, placer = "ServiceRequest.identifier", referral.placer
        for other in find_all_by_identifier(
            view, "ServiceRequest", placer["system"], placer["value"], most=2
        ):
            if other["id"] != referral.id:
                yield refusal(messages.REFERRED_ONCE(id=other["id"]), place)
        filler = identifier_of_type(referral.request, "FILL")
        if filler and filler.get("value") != referral.number:
            yield refusal(messages.FILLER_BY_SERVER(number=referral.number), place)

    def _same(self, before: Referral | None, after: Referral) -> Iterator[Issue]:
        if before and before.number != after.number:
            yield refusal(messages.PLACER_FIXED(), "ServiceRequest.identifier")
        if before and before.patient != after.patient:
            text = messages.REFERRED_PATIENT_FIXED(patient=before.patient)
            yield refusal(text, "ServiceRequest.subject")

    def _status(self, referral: Referral, view: View) -> Iterator[Issue]:
        task = task_of(self._guide, view, referral.id)
        given = referral.request.get("status", "?")
        if task is None:
            if given != "active":
                yield refusal(messages.SENT_ACTIVE(given=given), "ServiceRequest.status")
            return
        rule = STATUS_RULES.get(task.get("status", ""))
        if rule and given != rule.request_status:
            text = messages.MIRRORED(expected=rule.request_status, given=given)
            yield refusal(text, "ServiceRequest.status")
