"""Forbids the deletion of resources that claims refer to, and of patients in care.

The feed returns each claim with its patient, coverage and insurer, also when it is read again from the start.

Source: the project's billing design. https://hl7.org/fhir/R4/claim.html
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import IN_ERROR, find_referring, has_code, target
from mappings.sesame.pathway.referral import referral_of
from mappings.sesame.pathway.sequence import sequences_of_patient
from mappings.sesame.resources.claim import FORFAIT
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import refusal


class DeletionRules:
    """Whether a Patient, a Coverage or an Organization may be deleted."""

    name = "parties-kept"
    types = frozenset({"Patient", "Coverage", "Organization"})

    def __init__(self, guide: Guide) -> None:
        self._guide = guide
        self._kinds = guide.canonical("CodeSystem", "sesame-claim-subtype")

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.before is None or change.after is not None:
            return
        patient = (
            change.id if change.type == "Patient" else target(change.before.get("beneficiary"), "Patient")
        )
        if patient:
            lock_references_to(view, "Patient", patient)
        if claim := next(self._claims(change.type, change.id, patient, view), None):
            yield refusal(messages.PARTY_KEPT(id=claim["id"], type=change.type), change.type)
        elif change.type == "Patient":
            yield from self._in_care(change.id, view)

    def _in_care(self, patient: str, view: View) -> Iterator[Issue]:
        """Issues for a patient who has a sequence, or a referral."""
        for sequence in sequences_of_patient(self._guide, view, patient)[:1]:
            yield refusal(messages.PATIENT_KEPT(id=sequence.id), "Patient")
            return
        for request in find_referring(view, "ServiceRequest", "patient", f"Patient/{patient}"):
            if referral_of(self._guide, request) and request.get("status") != IN_ERROR:
                yield refusal(messages.REFERRED_KEPT(id=request["id"]), "Patient")
                return

    def _claims(self, type: str, id: str, patient: str | None, view: View) -> Iterator[Resource]:
        """The claims of the programme that refer to a resource."""
        if type == "Organization":
            found = find_referring(view, "Claim", "insurer", f"Organization/{id}")
        else:
            found = find_referring(view, "Claim", "patient", f"Patient/{patient}") if patient else ()
        for claim in found:
            if not has_code([claim.get("subType", {})], self._kinds, FORFAIT):
                continue
            covers = (target(one.get("coverage"), "Coverage") for one in claim.get("insurance", ()))
            if type != "Coverage" or id in covers:
                yield claim
