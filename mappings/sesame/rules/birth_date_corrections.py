"""Corrections of birth dates: warnings about care that began for a patient who turns out to be a minor.

R7, avis du comité technique (June 2023). A waiting referral is rejected in the same commit; care that has
begun, and perhaps was billed, is for the team to cancel.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, View
from fhir_server.issues import Issue, Text
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import find_referring
from mappings.sesame.pathway.referral import is_minor, referral_of, task_of
from mappings.sesame.pathway.sequence import sequences_of_patient
from mappings.sesame.policy import Policy
from mappings.sesame.rules import messages

TAKEN_ON = ("accepted", "in-progress", "completed")


class BirthDateCorrections:
    """Warns of each referral and sequence of a patient who was a minor by the corrected birth date."""

    name = "corrected-ages"
    types = frozenset({"Patient"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._age = policy.adult_age

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.before is None or change.after is None:
            return
        born = change.after.get("birthDate")
        if born != change.before.get("birthDate"):
            for text in (*self._referred(change.id, born, view), *self._followed(change.id, born, view)):
                yield Issue("warning", "business-rule", text, ("Patient.birthDate",))

    def _referred(self, patient: str, born: object, view: View) -> Iterator[Text]:
        for request in find_referring(view, "ServiceRequest", "patient", f"Patient/{patient}"):
            referral = referral_of(self._guide, request)
            if referral is None or not is_minor(born, referral.authored, self._age):
                continue
            task = task_of(self._guide, view, referral.id)
            if task and task.get("status") in TAKEN_ON:
                yield messages.TAKEN_ON_UNDER_AGE(age=self._age, id=task["id"], day=referral.authored)

    def _followed(self, patient: str, born: object, view: View) -> Iterator[Text]:
        for sequence in sequences_of_patient(self._guide, view, patient):
            if is_minor(born, sequence.start, self._age):
                yield messages.BEGUN_UNDER_AGE(age=self._age, id=sequence.id, day=sequence.start)
