"""Reads a sequence of care from its CarePlan.

https://hl7.org/fhir/R4/careplan.html
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fhir_server.extension import Resource
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.person import person_of
from mappings.sesame.pathway.reading import (
    Records,
    day,
    extension,
    find_referring,
    first,
    identifier_value,
    target,
)
from mappings.sesame.resources.care_plan import EPISODE

TRACKS = ("classique", "leger")

COUNTED = frozenset({"active", "on-hold", "completed", "revoked"})
"""Statuses of a sequence that counts: it is taking place or has. Drafts and errors do not count."""

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
    """The sequence stated by a CarePlan; None for one that lacks a required part."""
    if plan is None:
        return None
    parts = _parts(guide, plan)
    if None in parts.values():
        return None
    return Sequence(
        plan=plan,
        id=plan["id"],
        **parts,
        status=plan.get("status", ""),
        episode=target(extension(plan, EPISODE).get("valueReference"), "EpisodeOfCare"),
        previous=target(first(plan, "replaces"), "CarePlan"),
    )


def episode_of(records: Records, sequence: Sequence) -> Resource | None:
    """The EpisodeOfCare that a sequence belongs to, if it names one that is on record."""
    return records.get("EpisodeOfCare", sequence.episode) if sequence.episode else None


def missing_elements(guide: Guide, plan: Resource) -> list[str]:
    """The names of the parts that a CarePlan lacks to be a sequence."""
    return [name for name, value in _parts(guide, plan).items() if value is None]


def is_marked(guide: Guide, plan: Resource) -> bool:
    """Whether a CarePlan has any mark of the programme's sequences: number, track, rank or protocol."""
    parts = _parts(guide, plan)
    protocols = tuple(guide.canonical("PlanDefinition", f"sesame-{track}") for track in TRACKS)
    follows = any(str(one).startswith(protocols) for one in plan.get("instantiatesCanonical", ()))
    return follows or any(parts[name] is not None for name in ("number", "track", "rank"))


def _parts(guide: Guide, plan: Resource) -> dict[str, Any]:
    """The required parts of a sequence by name, None for a missing one."""
    track = extension(plan, guide.profile("track")).get("valueCoding", {}).get("code")
    period = plan.get("period", {})
    return {
        "number": identifier_value(plan, guide.naming_system("care-plan")),
        "track": track if track in TRACKS else None,
        "rank": extension(plan, guide.profile("sequence-rank")).get("valuePositiveInt"),
        "start": day(period.get("start")),
        "end": day(period.get("end")),
        "patient": target(plan.get("subject"), "Patient"),
    }


def sequences_of(guide: Guide, plans: Iterable[Resource]) -> list[Sequence]:
    """The sequences among the plans that count, sorted by their first day."""
    found = (sequence_of(guide, plan) for plan in plans)
    return sorted((one for one in found if one and one.counts), key=lambda one: (one.start, one.rank))


def sequences_of_patient(guide: Guide, records: Records, patient: str) -> list[Sequence]:
    """All sequences of a patient that count, sorted by their first day."""
    return sequences_of(guide, find_referring(records, "CarePlan", "patient", f"Patient/{patient}"))


def sequences_of_person(guide: Guide, records: Records, patient: str) -> list[Sequence]:
    """All sequences that count of Patient/`patient` and of the Patients merged with it."""
    plans = (
        plan
        for one in person_of(records, patient)
        for plan in find_referring(records, "CarePlan", "patient", f"Patient/{one}")
    )
    return sequences_of(guide, plans)
