"""The Coverage to which a sequence is billed: the one in force on its first day.

A patient who changes insurers has a Coverage for each; a claim keeps the one to which it was billed. For a
patient who was recorded twice, the Coverages of both records count.
https://hl7.org/fhir/R4/coverage.html
"""

from datetime import date

from fhir_server.extension import Resource
from mappings.sesame.pathway.person import person_of
from mappings.sesame.pathway.reading import IN_ERROR, Records, day, find_referring, first, resolved, target
from mappings.sesame.pathway.sequence import Sequence

VALID_STATUSES = frozenset({"active", "cancelled"})
"""The statuses of a Coverage that is or was valid."""


def coverage_of(sequence: Sequence, records: Records, before: Resource | None) -> Resource | None:
    """The Coverage to bill, among those with a subscriber id and a payor; None where there is none.

    In this order: the one of the claim `before`, if it may have been in force on the first day; the oldest
    active one in force on that day; any active one. Coverages of the sequence's own Patient come before those
    of its duplicates.
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
    """Whether the Coverage of a claim was entered in error, or belongs to another patient."""
    coverage = _billed_to(records, claim)
    if coverage is None:
        return False
    beneficiary = target(coverage.get("beneficiary"), "Patient")
    return coverage.get("status") == IN_ERROR or beneficiary not in person_of(records, patient)


def _billed_to(records: Records, claim: Resource | None) -> Resource | None:
    """The Coverage of a claim, if it is on record."""
    insurance = first(claim, "insurance") or {}
    return resolved(records, insurance.get("coverage"), "Coverage")


def _covers(coverage: Resource, on: date) -> bool:
    """Whether the period of a Coverage includes a day; an open end includes all days."""
    period = coverage.get("period", {})
    start, end = day(period.get("start")), day(period.get("end"))
    return (start is None or start <= on) and (end is None or on <= end)
