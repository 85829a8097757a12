"""What a sequence rests on stays as it is: its patient's initial assessment, and the episode.

Source: avis du comité technique (June 2023), R9. A sequence is held to them when it is written; what is
changed under it afterwards would get round that.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.grounds import is_assessment_of, is_episode
from mappings.sesame.pathway.reading import day, target
from mappings.sesame.pathway.sequence import Sequence, sequences_of_patient
from mappings.sesame.rules import messages
from mappings.sesame.rules.verdict import refusal


class SequenceGrounds:
    """Whether an Encounter or an EpisodeOfCare still bears the sequences that refer to it."""

    name = "sequence-grounds"
    types = frozenset({"Encounter", "EpisodeOfCare"})

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.before is None:
            return
        if change.type == "Encounter":
            yield from self._assessment(change.before, change.after, view)
        else:
            yield from self._episode(change.before, change.after, view)

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
            and after.get("status") != "entered-in-error"
            and is_episode(self._guide, after)
            and target(after.get("patient"), "Patient") == patient
        )
        for sequence in () if holds else self._sequences(patient, view):
            if sequence.episode == before["id"]:
                yield refusal(messages.EPISODE_KEPT(id=sequence.id), "EpisodeOfCare")

    def _sequences(self, patient: str, view: View) -> list[Sequence]:
        view.lock(f"sesame/Patient/{patient}")
        return sequences_of_patient(self._guide, view, patient)
