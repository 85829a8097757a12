"""Writes the claim of a sequence in the commit that makes it billable, and corrects it with the sequence.

A correction cancels the claim and replaces it; nothing is ever deleted.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from mappings.sesame.billing.billing import Billing
from mappings.sesame.billing.comparison import needs_no_correction
from mappings.sesame.billing.coverage import is_void
from mappings.sesame.pathway.person import merged_with, person_of
from mappings.sesame.pathway.reading import find_all_by_identifier, target
from mappings.sesame.pathway.sequence import Sequence, sequence_of, sequences_of, sequences_of_patient

PATIENT_OF = {"Coverage": "beneficiary", "EpisodeOfCare": "patient", "Encounter": "subject"}
"""Resources for which a claim may have waited, and the element that refers to their patient. A claim may also
wait for a Patient to be merged with another.
"""


class IssueClaims:
    """Keeps the claims of sequences up to date."""

    name = "claims"

    def __init__(self, billing: Billing) -> None:
        self._billing = billing
        waited_for = {"Coverage", "EpisodeOfCare", "Patient"}
        if billing.policy.minimum_contacts:
            waited_for.add("Encounter")
        self.types = frozenset({"CarePlan", *waited_for})

    def react(self, change: Change, view: View) -> Iterable[Resource]:
        recorded = change.type == "CarePlan" and change.before is None
        for sequence in self._concerned(change, view):
            yield from self._settled(sequence, view, recorded)

    def _concerned(self, change: Change, view: View) -> list[Sequence]:
        guide = self._billing.guide
        if change.type == "CarePlan":
            found = sequence_of(guide, change.after)
            return [found] if found and not self._stands_elsewhere(found, view) else []
        if change.after is None:
            return []
        everybody = {one for patient in _patients(change) for one in person_of(view, patient)}
        return [one for patient in sorted(everybody) for one in sequences_of_patient(guide, view, patient)]

    def _stands_elsewhere(self, sequence: Sequence, view: View) -> bool:
        """Whether another CarePlan with this number counts, while this one is an error or a draft."""
        if sequence.counts:
            return False
        numbers = self._billing.guide.naming_system("care-plan")
        bearing = find_all_by_identifier(view, "CarePlan", numbers, sequence.number)
        return bool(sequences_of(self._billing.guide, bearing))

    def _settled(self, sequence: Sequence, view: View, recorded: bool) -> Iterator[Resource]:
        """The writes that make the last claim match the sequence.

        A claim that billing cancelled stays cancelled until something is corrected, or the sequence is
        `recorded` anew.
        """
        yield from self._renewed(sequence, view)
        issued = self._billing.issued(sequence, view)
        last = issued[-1] if issued else None
        made = self._billing.claim(sequence, view, len(issued), last)
        if isinstance(made, list):
            if last and _is_for_nothing(last, sequence, view):
                yield self._billing.withdraw(last)
        elif last is None or self._is_outdated(last, made, recorded):
            yield from _cancelled(last)
            yield made

    def _renewed(self, sequence: Sequence, view: View) -> Iterator[Resource]:
        """The claim of the sequence that this one renews, if both come in one commit.

        It must be written first whatever their order, because the claim of a renewal refers to the previous
        one.
        """
        if not sequence.counts or sequence.previous is None:
            return
        renewed = sequence_of(self._billing.guide, view.get("CarePlan", sequence.previous))
        if renewed and renewed.rank < sequence.rank and not self._billing.issued(renewed, view):
            yield from self._settled(renewed, view, recorded=False)

    def _is_outdated(self, last: Resource, made: Resource, recorded: bool) -> bool:
        is_due_again = last.get("status") == "cancelled" and (recorded or self._billing.is_withdrawn(last))
        return is_due_again or not needs_no_correction(self._billing.guide, last, made)


def _patients(change: Change) -> set[str]:
    """The patients of a resource before and after the change; of a Patient, itself and those
    merged with it.
    """
    if change.type == "Patient":
        before, after = set(merged_with(change.before)), set(merged_with(change.after))
        return {change.id, *before, *after} if before != after else set()
    place = PATIENT_OF[change.type]
    found = (target((one or {}).get(place), "Patient") for one in (change.before, change.after))
    return {patient for patient in found if patient}


def _is_for_nothing(claim: Resource, sequence: Sequence, view: View) -> bool:
    """Whether an active claim has lost its sequence, or was billed to a Coverage that is not
    the patient's.
    """
    has_ground = sequence.counts and not is_void(view, claim, sequence.patient)
    return claim.get("status") == "active" and not has_ground


def _cancelled(claim: Resource | None) -> Iterator[Resource]:
    if claim and claim.get("status") == "active":
        yield claim | {"status": "cancelled"}
