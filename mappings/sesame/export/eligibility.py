"""Which patients may be exported: for the evaluation, those informed who did not object; for the research,
those who consented. The absence of a record is not a permission.

Source: rapport d'activité 2024; for the date, the profiles of the consents.
"""

from collections.abc import Iterable, Mapping
from typing import Literal
from zoneinfo import ZoneInfo

from fhir_server.core.temporal import BEGINNING, END, Span, period_of
from mappings.sesame.caseload.caseload import PatientFacts
from mappings.sesame.caseload.facts import Decision
from mappings.sesame.pathway.person import all_linked

Exclusion = Literal["opposed", "not-informed", "no-pathway"]
EXCLUSIONS: tuple[Exclusion, ...] = ("opposed", "not-informed", "no-pathway")


def exclusion_reason(
    facts: PatientFacts, decided: Iterable[Decision], purpose: str, zone: ZoneInfo
) -> Exclusion | None:
    """Why a patient with these decisions is not exported; None for one who is.

    Partial dates are spans: an opposition that may be later than the permission wins.
    """
    if not (facts.episodes or facts.referrals):
        return "no-pathway"
    decisions = [one for one in decided if purpose in one.purposes]
    permitted = [_span(one, zone)[0] for one in decisions if one.permit and one.moment]
    # Without a date, an opposition always holds, and a permission never does.
    opposed = [_span(one, zone)[1] for one in decisions if not one.permit]
    if opposed and (not permitted or max(opposed) > max(permitted)):
        return "opposed"
    return None if permitted else "not-informed"


def _span(decision: Decision, zone: ZoneInfo) -> Span:
    return period_of(decision.moment, zone) if decision.moment else (BEGINNING, END)


def split_by_eligibility(
    patients: Mapping[str, PatientFacts], purpose: str, zone: ZoneInfo
) -> tuple[dict[str, PatientFacts], dict[Exclusion, int]]:
    """The patients who are exported, and the number of the others by reason.

    A patient without a Patient resource is not counted. A decision made under one record holds for all linked
    records of the same person.
    """
    links = _links(patients)
    eligible: dict[str, PatientFacts] = {}
    counts: dict[Exclusion, int] = dict.fromkeys(EXCLUSIONS, 0)
    for patient, facts in patients.items():
        if facts.person is None:
            continue
        records = (
            patients[one] for one in all_linked(patient, lambda id: links.get(id, ())) if one in patients
        )
        decided = [decision for record in records for decision in record.decisions.values()]
        if reason := exclusion_reason(facts, decided, purpose, zone):
            counts[reason] += 1
        else:
            eligible[patient] = facts
    return eligible, counts


def _links(patients: Mapping[str, PatientFacts]) -> Mapping[str, set[str]]:
    """The ids to which each patient is linked as a duplicate, whichever of the two records
    states the link.
    """
    found: dict[str, set[str]] = {}
    for patient, facts in patients.items():
        for other in facts.person.merged if facts.person else ():
            found.setdefault(patient, set()).add(other)
            found.setdefault(other, set()).add(patient)
    return found
