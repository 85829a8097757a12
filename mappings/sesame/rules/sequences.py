"""Checks of a sequence: assessment first, an episode, a team, three months, no overlap, the right order.

Source: avis du comité technique (June 2023), rules R3 to R9; the policy decides what it leaves open.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue, Text
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.assessment import is_assessment_of
from mappings.sesame.pathway.calendar import CLASSIQUE_MONTHS, last_day
from mappings.sesame.pathway.episode import BEGUN, TAKING_PLACE, is_episode
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.person import person_of
from mappings.sesame.pathway.reading import IN_ERROR, codes, day, find_all_by_identifier, resolved, target
from mappings.sesame.pathway.referral import Referral, ineligibility, is_minor, referral_of, task_of
from mappings.sesame.pathway.sequence import (
    COUNTED,
    Sequence,
    episode_of,
    is_marked,
    missing_elements,
    sequence_of,
    sequences_of,
    sequences_of_person,
)
from mappings.sesame.policy import Policy
from mappings.sesame.resources.care_plan import EPISODE
from mappings.sesame.rules import messages
from mappings.sesame.rules.chain import check_order, check_renewals_kept
from mappings.sesame.rules.issues import policy_issue, refusal
from mappings.sesame.rules.referral_messages import PATIENT_UNKNOWN

TURNED_AWAY = frozenset({"rejected", "cancelled", IN_ERROR})
"""Statuses of a referral by which the patient is not taken on."""

ONE_EACH = ("ide", "psychiatre")
AT_LEAST_ONE = "medecin-generaliste"


class SequenceRules:
    """Whether a CarePlan is a valid sequence beside the others of its patient."""

    name = "sequences"
    types = frozenset({"CarePlan"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        before = _counted(sequence_of(self._guide, change.before))
        sequence = sequence_of(self._guide, change.after)
        after = _counted(sequence)
        if change.after is not None:
            yield from self._identity(change.after, sequence, before, view)
        if before:
            lock_references_to(view, "Patient", before.patient)
            yield from check_renewals_kept(before, after, self._others(before, view))
        if after:
            for patient in person_of(view, after.patient):
                lock_references_to(view, "Patient", patient)
            yield from self._alone(after, view)
            yield from self._taken_on(before, after, view)
            others = self._others(after, view)
            yield from _overlaps(after, others)
            siblings = [one for one in others if one.episode == after.episode]
            yield from check_order(self._policy, after, siblings)

    def _others(self, sequence: Sequence, view: View) -> list[Sequence]:
        """The other sequences of the person that count, including those of duplicate Patients."""
        all_sequences = sequences_of_person(self._guide, view, sequence.patient)
        return [one for one in all_sequences if one.id != sequence.id]

    def _taken_on(self, before: Sequence | None, sequence: Sequence, view: View) -> Iterator[Issue]:
        """The conditions for a sequence to begin; for one that has begun, only what it replaces
        is checked.
        """
        if before is None:
            yield from self._admitted(sequence, view)
        stays = before is not None and before.episode == sequence.episode
        yield from self._episode(sequence, BEGUN if stays else TAKING_PLACE, view)
        if before is None or _teams(before) != _teams(sequence):
            yield from self._team(sequence, view)

    def _alone(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        """The conditions that do not depend on other sequences."""
        yield from self._assessment(sequence, view)
        yield from self._length(sequence)
        yield from self._window(sequence)

    def _identity(
        self, plan: Resource, sequence: Sequence | None, before: Sequence | None, view: View
    ) -> Iterator[Issue]:
        """A sequence, or a renewal of one, must have all required parts, and keep its patient and its number.

        The number is in the claims.
        """
        if sequence is None:
            if before or (plan.get("status") in COUNTED and self._is_ours(plan, view)):
                names = ", ".join(missing_elements(self._guide, plan))
                yield refusal(messages.SEQUENCE_LACKS(names=names), "CarePlan")
        elif before and before.number != sequence.number:
            yield refusal(messages.NUMBER_FIXED(number=before.number), "CarePlan.identifier")
        elif before and before.patient != sequence.patient:
            yield refusal(messages.PATIENT_FIXED(patient=before.patient), "CarePlan.subject")
        elif sequence.counts:
            yield from self._own_number(sequence, view)

    def _is_ours(self, plan: Resource, view: View) -> bool:
        replaced = (resolved(view, one, "CarePlan") for one in plan.get("replaces", ()))
        return is_marked(self._guide, plan) or any(sequence_of(self._guide, one) for one in replaced)

    def _own_number(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        system = self._guide.naming_system("care-plan")
        bearing = find_all_by_identifier(view, "CarePlan", system, sequence.number)
        for other in sequences_of(self._guide, bearing):
            if other.id != sequence.id:
                text = messages.NUMBER_TAKEN(number=sequence.number, id=other.id)
                yield refusal(text, "CarePlan.identifier")

    def _admitted(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        """R7 and R8: no sequence begins for a patient who is ineligible or was turned away."""
        age = self._policy.adult_age
        patient = view.get("Patient", sequence.patient)
        if patient is None:
            yield refusal(PATIENT_UNKNOWN(id=sequence.patient), "CarePlan.subject")
            return
        if is_minor(patient.get("birthDate"), sequence.start, age):
            text = messages.UNDER_AGE(age=age, start=sequence.start)
            yield refusal(text, "CarePlan.subject")
            return
        episode = episode_of(view, sequence) or {}
        for reference in episode.get("referralRequest", ()):
            referral = referral_of(self._guide, resolved(view, reference, "ServiceRequest"))
            objection = self._objection(sequence, referral, view) if referral else None
            if objection:
                yield refusal(objection, f"CarePlan.extension('{EPISODE}')")

    def _objection(self, sequence: Sequence, referral: Referral, view: View) -> Text | None:
        """Why a referral does not admit the patient: its patient, its state, or its content."""
        if referral.patient != sequence.patient:
            return messages.REFERRAL_OF_ANOTHER(id=referral.id)
        status: str | None = (task_of(self._guide, view, referral.id) or {}).get("status")
        if status not in TURNED_AWAY:
            status = ineligibility(self._guide, view, referral, self._policy.adult_age)
        return messages.TURNED_AWAY(id=referral.id, reason=status) if status else None

    def _assessment(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        """R9: the nurse's initial assessment decides the track, so it must come before any sequence."""
        visit = resolved(view, sequence.plan.get("encounter"), "Encounter")
        if visit is None or not is_assessment_of(self._guide, visit, sequence.patient):
            yield refusal(messages.ASSESSMENT_NEEDED(), "CarePlan.encounter")
            return
        assessed = day(visit.get("period", {}).get("start"))
        if assessed is None or assessed > sequence.start:
            text = messages.ASSESSED_LATER(start=sequence.start, assessed=assessed or "?")
            yield refusal(text, "CarePlan.period.start")

    def _episode(self, sequence: Sequence, states: frozenset[str], view: View) -> Iterator[Issue]:
        episode = episode_of(view, sequence)
        place = f"CarePlan.extension('{EPISODE}')"
        if episode is None or episode.get("status") not in states:
            yield refusal(messages.EPISODE_NEEDED(), place)
            return
        if not is_episode(self._guide, episode):
            yield refusal(messages.EPISODE_UNNUMBERED(id=sequence.episode), place)
        if target(episode.get("patient"), "Patient") != sequence.patient:
            yield refusal(messages.EPISODE_OF_ANOTHER(), place)
        ended = day(episode.get("period", {}).get("end"))
        if ended and sequence.start > ended:
            text = messages.EPISODE_OVER(ended=ended, start=sequence.start)
            yield refusal(text, "CarePlan.period.start")

    def _team(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        teams = (view.get("CareTeam", id) for id in _teams(sequence))
        system = self._guide.canonical("CodeSystem", "sesame-role")
        if not any(_is_complete(team, system) for team in teams if team):
            yield from policy_issue(
                self._policy.complete_team, messages.TEAM_INCOMPLETE(), "CarePlan.careTeam"
            )

    def _length(self, sequence: Sequence) -> Iterator[Issue]:
        """R3 for the classique; how long a léger lasts is not stated."""
        months = CLASSIQUE_MONTHS if sequence.track == "classique" else self._policy.leger_months
        latest = last_day(sequence.start, months)
        if sequence.end > latest:
            text = messages.TOO_LONG(months=months, latest=latest, end=sequence.end)
            yield refusal(text, "CarePlan.period.end")

    def _window(self, sequence: Sequence) -> Iterator[Issue]:
        first, last = self._policy.window_start, self._policy.window_end
        if (first and sequence.start < first) or (last and sequence.start > last):
            text = messages.OUTSIDE_WINDOW(start=sequence.start, first=first or "…", last=last or "…")
            yield refusal(text, "CarePlan.period.start")


def _counted(sequence: Sequence | None) -> Sequence | None:
    return sequence if sequence and sequence.counts else None


def _overlaps(sequence: Sequence, others: list[Sequence]) -> Iterator[Issue]:
    for other in others:
        if sequence.start <= other.end and other.start <= sequence.end:
            text = messages.OVERLAP(id=other.id, start=other.start, end=other.end)
            yield refusal(text, "CarePlan.period")


def _teams(sequence: Sequence) -> list[str]:
    """The ids of the care teams of a sequence."""
    return [id for one in sequence.plan.get("careTeam", ()) if (id := target(one, "CareTeam"))]


def _is_complete(team: Resource, system: str) -> bool:
    """Whether a team is active with exactly one nurse, one psychiatrist, and at least one general
    practitioner.
    """
    roles = [
        code
        for participant in team.get("participant", ())
        for role in participant.get("role", ())
        for code in codes(role, system)
    ]
    one_each = all(roles.count(role) == 1 for role in ONE_EACH)
    return team.get("status") == "active" and one_each and AT_LEAST_ONE in roles
