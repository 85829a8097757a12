"""Protects the prerequisites of a sequence: the initial assessment, the episode, and the referral.

Source: avis du comité technique (June 2023), R9. They are checked when the sequence is written; a later
change to them must not circumvent that check.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.assessment import is_assessment_of
from mappings.sesame.pathway.episode import BEGUN, is_episode
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import IN_ERROR, day, resolved, target
from mappings.sesame.pathway.referral import Referral, is_referral_task, referral_of
from mappings.sesame.pathway.sequence import Sequence, episode_of, sequences_of_patient
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import refusal


class SequencePrerequisites:
    """Whether a changed Encounter, EpisodeOfCare or referral Task still supports its sequences."""

    name = "sequence-grounds"
    types = frozenset({"Encounter", "EpisodeOfCare", "Task"})

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.before is None:
            return
        if change.type == "Encounter":
            yield from self._assessment(change.before, change.after, view)
        elif change.type == "EpisodeOfCare":
            yield from self._episode(change.before, change.after, view)
        elif change.after is not None:
            yield from self._referral(change.before, change.after, view)

    def _assessment(self, before: Resource, after: Resource | None, view: View) -> Iterator[Issue]:
        patient = target(before.get("subject"), "Patient")
        if patient is None or not is_assessment_of(self._guide, before, patient):
            return
        assessed = day((after or {}).get("period", {}).get("start"))
        holds = after is not None and is_assessment_of(self._guide, after, patient)
        for sequence in self._sequences(patient, view):
            rests = target(sequence.plan.get("encounter"), "Encounter") == before["id"]
            if rests and not (holds and assessed and assessed <= sequence.start):
                text = messages.ASSESSMENT_KEPT(id=sequence.id, start=sequence.start)
                yield refusal(text, "Encounter")

    def _episode(self, before: Resource, after: Resource | None, view: View) -> Iterator[Issue]:
        patient = target(before.get("patient"), "Patient")
        if patient is None:
            return
        holds = (
            after is not None
            and after.get("status") in BEGUN
            and is_episode(self._guide, after)
            and target(after.get("patient"), "Patient") == patient
        )
        ended = day((after or {}).get("period", {}).get("end"))
        another = _of_another(self._guide, after or {}, patient, view)
        if holds and not ended and not another:
            return
        for sequence in self._sequences(patient, view):
            if sequence.episode != before["id"]:
                continue
            if not holds:
                yield refusal(messages.EPISODE_KEPT(id=sequence.id), "EpisodeOfCare")
            elif ended and ended < sequence.start:
                text = messages.EPISODE_OVER(ended=ended, start=sequence.start)
                yield refusal(text, "EpisodeOfCare.period.end")
            elif another:
                text = messages.REFERRAL_OF_ANOTHER(id=another.id)
                yield refusal(text, "EpisodeOfCare.referralRequest")

    def _referral(self, before: Resource, after: Resource, view: View) -> Iterator[Issue]:
        """A referral that led to a sequence cannot become entered-in-error."""
        now_in_error = after.get("status") == IN_ERROR != before.get("status")
        patient = target(after.get("for"), "Patient")
        if not now_in_error or patient is None or not is_referral_task(self._guide, after):
            return
        referral = target(after.get("focus"), "ServiceRequest")
        for sequence in self._sequences(patient, view):
            requests = _requests(episode_of(view, sequence))
            if any(target(one, "ServiceRequest") == referral for one in requests):
                yield refusal(messages.REFERRAL_TAKEN_UP(id=sequence.id), "Task.status")

    def _sequences(self, patient: str, view: View) -> list[Sequence]:
        lock_references_to(view, "Patient", patient)
        return sequences_of_patient(self._guide, view, patient)


def _requests(episode: Resource | None) -> list[Resource]:
    found: list[Resource] = (episode or {}).get("referralRequest", [])
    return found


def _of_another(guide: Guide, episode: Resource, patient: str, view: View) -> Referral | None:
    """A referral of the episode whose patient is not Patient/`patient`; None where there is none."""
    found = (referral_of(guide, resolved(view, one, "ServiceRequest")) for one in _requests(episode))
    return next((one for one in found if one and one.patient != patient), None)
