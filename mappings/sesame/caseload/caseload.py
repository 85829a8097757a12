"""An in-memory cache of the facts about all patients, brought up to date from the store before each use.

It consumes `Store.changes()`: every resource is read once, in the background of the first requests after the
start, and each use reads only what was committed since. It writes nothing, and its content is that of the
store up to the watermark. Every answer names the resources that cannot be read; they make no answer fail.
"""

import logging
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Lock

from fhir_server.extension import Engine
from fhir_server.interactions.unit_view import content_of
from fhir_server.store.port import Store, StoredResource
from mappings.sesame.caseload.fact_reader import FactReader
from mappings.sesame.caseload.facts import (
    Alert,
    Answers,
    Claim,
    Decision,
    Episode,
    Fact,
    Person,
    Referral,
    Review,
    Role,
    Score,
    Sequence,
    Site,
    Team,
    Visit,
)
from mappings.sesame.guide import Guide

_log = logging.getLogger(__name__)

BATCH_SIZE = 1_000
"""Versions read from the store at a time."""


@dataclass(slots=True)
class PatientFacts:
    """All facts about one patient, by the id of the resource that states them."""

    person: Person | None = None
    episodes: dict[str, Episode] = field(default_factory=dict)
    visits: dict[str, Visit] = field(default_factory=dict)
    scores: dict[str, Score] = field(default_factory=dict)
    reviews: dict[str, Review] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    decisions: dict[str, Decision] = field(default_factory=dict)
    sequences: dict[str, Sequence] = field(default_factory=dict)
    teams: dict[str, Team] = field(default_factory=dict)
    referrals: dict[str, Referral] = field(default_factory=dict)
    claims: dict[str, Claim] = field(default_factory=dict)

    def referred_on(self, episode: Episode) -> date | None:
        """The day of the referral from which an episode comes; None where it is not on record."""
        days = (one.day for one in self.referrals.values() if one.request == episode.referral)
        return next(days, None)

    def case_reviews(self) -> dict[str, Review]:
        """The findings of case reviews, without those of other visits such as the initial assessment."""
        visits = ((id, self.visits.get(review.visit or "")) for id, review in self.reviews.items())
        return {id: self.reviews[id] for id, visit in visits if visit is None or visit.kind == "case-review"}


@dataclass(slots=True)
class Snapshot:
    """The facts up to the commit `sequence` of the store's history `epoch`.

    `patients` is keyed by patient id; `owners` gives, by type and id of a resource, the id of the patient
    whose facts it states. `unreadable` are the type and id of each resource whose facts could not be read.
    """

    store: Store
    epoch: str
    sequence: int = 0
    patients: dict[str, PatientFacts] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    sites: dict[str, Site] = field(default_factory=dict)
    answers: dict[str, Answers] = field(default_factory=dict)
    owners: dict[tuple[str, str], str] = field(default_factory=dict)
    unreadable: set[tuple[str, str]] = field(default_factory=set)

    def site_of(self, episode: Episode) -> str | None:
        """The site of an episode: the one that it names, otherwise the one where its nurse works."""
        return episode.site or self.workplace(episode.nurse)

    def workplace(self, role: str | None) -> str | None:
        """The site at which a PractitionerRole is held."""
        found = self.roles.get(role or "")
        return found.organization if found else None

    def department(self, site: str | None) -> str | None:
        """The département of a site."""
        found = self.sites.get(site or "")
        return found.department if found else None


class Caseload:
    """The cache; a lock gives it to one operation at a time."""

    def __init__(self, guide: Guide) -> None:
        self._reader = FactReader(guide)
        self._snapshot: Snapshot | None = None
        self._lock = Lock()

    @contextmanager
    def caught_up(self, engine: Engine) -> Iterator[Snapshot]:
        """The snapshot at the watermark, valid only inside the `with` block."""
        with self._lock:
            snapshot = self._current(engine)
            while self._read_batch(snapshot, engine):
                pass
            yield snapshot

    def prepare(self, engine: Engine) -> bool:
        """Read one batch of changes; True when there may be more."""
        with self._lock:
            return self._read_batch(self._current(engine), engine)

    def _current(self, engine: Engine) -> Snapshot:
        """The snapshot of the store's present history: an empty one after another store or a restore."""
        snapshot = self._snapshot
        if snapshot is None or snapshot.store is not engine.store or snapshot.epoch != engine.store.epoch:
            snapshot = self._snapshot = Snapshot(engine.store, engine.store.epoch)
        return snapshot

    def _read_batch(self, snapshot: Snapshot, engine: Engine) -> bool:
        versions = snapshot.store.changes(snapshot.sequence, BATCH_SIZE, self._reader.types)
        for version in versions:
            self._apply(snapshot, version, engine)
            snapshot.sequence = version.sequence
        return len(versions) == BATCH_SIZE

    def _apply(self, snapshot: Snapshot, version: StoredResource, engine: Engine) -> None:
        """Replace the facts of the resource's previous version by those of this one."""
        _forget(snapshot, version.type, version.id)
        snapshot.unreadable.discard((version.type, version.id))
        try:
            content = content_of(version, engine)
            found = self._reader.read(content) if content else None
        except Exception as error:
            # Only the type of the error: its text could quote the resource.
            _log.error(
                "the facts of %s/%s cannot be read: %s", version.type, version.id, type(error).__name__
            )
            snapshot.unreadable.add((version.type, version.id))
            return
        if found is None:
            return
        patient, fact = found
        if patient is None:
            _shared(snapshot, version.type)[version.id] = fact
            return
        facts = snapshot.patients.setdefault(patient, PatientFacts())
        snapshot.owners[version.type, version.id] = patient
        if isinstance(fact, Person):
            facts.person = fact
        else:
            _of_patient(facts, version.type)[version.id] = fact


def _forget(snapshot: Snapshot, type: str, id: str) -> None:
    patient = snapshot.owners.pop((type, id), None)
    if patient is None:
        if type in SHARED_FIELDS:
            _shared(snapshot, type).pop(id, None)
    elif type == "Patient":
        snapshot.patients[patient].person = None
    else:
        _of_patient(snapshot.patients[patient], type).pop(id, None)


def _shared(snapshot: Snapshot, type: str) -> dict[str, Fact]:
    found: dict[str, Fact] = getattr(snapshot, SHARED_FIELDS[type])
    return found


def _of_patient(facts: PatientFacts, type: str) -> dict[str, Fact]:
    found: dict[str, Fact] = getattr(facts, PATIENT_FIELDS[type])
    return found


SHARED_FIELDS: Mapping[str, str] = {
    "PractitionerRole": "roles",
    "Organization": "sites",
    "QuestionnaireResponse": "answers",
}
"""Types whose facts concern no patient, and the field of `Snapshot` that holds them."""

PATIENT_FIELDS: Mapping[str, str] = {
    "EpisodeOfCare": "episodes",
    "Encounter": "visits",
    "Observation": "scores",
    "ClinicalImpression": "reviews",
    "Flag": "alerts",
    "Consent": "decisions",
    "CarePlan": "sequences",
    "CareTeam": "teams",
    "Task": "referrals",
    "Claim": "claims",
}
