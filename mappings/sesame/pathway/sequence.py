"""A sequence of care, read from its CarePlan.

https://hl7.org/fhir/R4/careplan.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.reading import Records, day, extension, identifier_value, referring, target
from mappings.sesame.resources.care_plan import EPISODE

COUNTED = frozenset({"active", "on-hold", "completed", "revoked"})
"""States of a sequence that has taken place or does; a draft has not, and one in error never has."""

OVER = frozenset({"completed", "revoked"})


@dataclass(frozen=True, slots=True)
class Sequence:
    """One sequence. `number` is its identifier; `patient`, `episode` and `previous` are ids."""

    plan: Resource
    id: str
    number: str
    track: str
    rank: int
    start: date
    end: date
    status: str
    patient: str
    episode: str | None
    previous: str | None

    @property
    def counts(self) -> bool:
        return self.status in COUNTED

    @property
    def is_over(self) -> bool:
        return self.status in OVER


def sequence_of(guide: Guide, plan: Resource | None) -> Sequence | None:
    """The sequence that a CarePlan is; None for one of another kind, or whose profile is not satisfied."""
    if plan is None:
        return None
    track = extension(plan, guide.profile("track")).get("valueCoding", {}).get("code")
    rank = extension(plan, guide.profile("sequence-rank")).get("valuePositiveInt")
    period = plan.get("period", {})
    start, end = day(period.get("start")), day(period.get("end"))
    number = identifier_value(plan, guide.naming_system("care-plan"))
    patient = target(plan.get("subject"), "Patient")
    if track is None or rank is None or start is None or end is None or number is None or patient is None:
        return None
    return Sequence(
        plan=plan,
        id=plan["id"],
        number=number,
        track=track,
        rank=rank,
        start=start,
        end=end,
        status=plan.get("status", ""),
        patient=patient,
        episode=target(extension(plan, EPISODE).get("valueReference"), "EpisodeOfCare"),
        previous=target(next(iter(plan.get("replaces", ())), None), "CarePlan"),
    )


def sequences_of(guide: Guide, plans: Iterable[Resource]) -> list[Sequence]:
    """Those of the plans that are sequences which count, by their first day."""
    found = (sequence_of(guide, plan) for plan in plans)
    return sorted((one for one in found if one and one.counts), key=lambda one: (one.start, one.rank))


def sequences_of_patient(guide: Guide, records: Records, patient: str) -> list[Sequence]:
    """All sequences of a patient that count, by their first day."""
    return sequences_of(guide, referring(records, "CarePlan", "patient", f"Patient/{patient}"))
