"""The compulsory health insurance that a sequence is billed to: the one in force on its first day.

A patient who changes insurers has a Coverage for each. What was billed to the first stays so. Of a patient
who was recorded twice, the Coverages of both records count.
https://hl7.org/fhir/R4/coverage.html
"""

from datetime import date

from fhir_server.extension import Resource
from mappings.sesame.pathway.person import person_of
from mappings.sesame.pathway.reading import IN_ERROR, Records, day, find_referring, first, resolved, target
from mappings.sesame.pathway.sequence import Sequence

VALID_STATUSES = frozenset({"active", "cancelled"})
"""States of a Coverage that holds or has held."""


def coverage_of(sequence: Sequence, records: Records, before: Resource | None) -> Resource | None:
    """The Coverage that says what billing needs: that of the claim `before`, as long as it may have been in
    force; or else the oldest active one that was, or that is at all. Those of the record that the sequence
    is under come before those of its duplicates.
    """
    own_first = sorted(person_of(records, sequence.patient), key=lambda one: one != sequence.patient)
    usable = [
        coverage
        for patient in own_first
        for coverage in find_referring(records, "Coverage", "beneficiary", f"Patient/{patient}")
        if coverage.get("subscriberId") and coverage.get("payor")
    ]
    billed = _billed_to(records, before) or {}
    stays = [one for one in usable if one["id"] == billed.get("id") and one.get("status") in VALID_STATUSES]
    active = [one for one in usable if one.get("status") == "active"]
    in_force = [one for one in (*stays, *active) if _covers(one, sequence.start)]
    return next(iter((*in_force, *active)), None)


def is_void(records: Records, claim: Resource, patient: str) -> bool:
    """Whether a claim was billed to a Coverage that never was, or is not Patient/`patient`'s, as is known by
    now.
    """
    coverage = _billed_to(records, claim)
    if coverage is None:
        return False
    beneficiary = target(coverage.get("beneficiary"), "Patient")
    return coverage.get("status") == IN_ERROR or beneficiary not in person_of(records, patient)


def _billed_to(records: Records, claim: Resource | None) -> Resource | None:
    """The Coverage that a claim names, if it is on record."""
    insurance = first(claim, "insurance") or {}
    return resolved(records, insurance.get("coverage"), "Coverage")


def _covers(coverage: Resource, on: date) -> bool:
    """Whether a Coverage is in force on a day, as far as its period tells."""
    period = coverage.get("period", {})
    start, end = day(period.get("start")), day(period.get("end"))
    return (start is None or start <= on) and (end is None or on <= end)
