"""The scope of an indicator: a period, and optionally one site, nurse or département."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.episode_summary import sequences_of
from mappings.sesame.caseload.facts import Claim, Episode, Referral, Sequence

Case = tuple[PatientFacts, Episode]


@dataclass(frozen=True, slots=True)
class Scope:
    """A scope; both days of the period are included. `site` is an Organization id, `nurse` a PractitionerRole
    id.
    """

    start: date
    end: date
    site: str | None = None
    nurse: str | None = None
    department: str | None = None

    @property
    def is_whole_programme(self) -> bool:
        """Whether the scope is the whole programme, and not one site, nurse or département."""
        return self.site is None and self.nurse is None and self.department is None

    def contains(self, day: date | None) -> bool:
        return day is not None and self.start <= day <= self.end

    def includes(self, snapshot: Snapshot, nurse: str | None, site: str | None) -> bool:
        """Whether the scope includes the work of a nurse at a site."""
        return (
            self.nurse in (None, nurse)
            and self.site in (None, site)
            and self.department in (None, snapshot.department(site))
        )


def cases(snapshot: Snapshot, scope: Scope) -> Iterator[Case]:
    """The episodes of the scope's nurse, site and département, whatever their period."""
    for facts in snapshot.patients.values():
        for episode in facts.episodes.values():
            if scope.includes(snapshot, episode.nurse, snapshot.site_of(episode)):
                yield facts, episode


def begun(snapshot: Snapshot, scope: Scope) -> list[Case]:
    """The episodes that began in the period."""
    return [case for case in cases(snapshot, scope) if scope.contains(case[1].start)]


def ended(snapshot: Snapshot, scope: Scope) -> list[Case]:
    """The episodes that ended in the period."""
    return [case for case in cases(snapshot, scope) if scope.contains(case[1].end)]


def referrals(snapshot: Snapshot, scope: Scope) -> Iterator[Referral]:
    """The referrals written in the period. Without a nurse as owner, a referral is of its doctor's site."""
    for facts in snapshot.patients.values():
        for referral in facts.referrals.values():
            site = snapshot.workplace(referral.owner) or snapshot.workplace(referral.requester)
            if scope.contains(referral.day) and scope.includes(snapshot, referral.owner, site):
                yield referral


def sequences(snapshot: Snapshot, scope: Scope) -> Iterator[Sequence]:
    """The sequences that began in the period."""
    for facts, episode in cases(snapshot, scope):
        yield from (sequence for sequence in sequences_of(facts, episode) if scope.contains(sequence.start))


def claims(snapshot: Snapshot, scope: Scope) -> Iterator[Claim]:
    """The active claims of the sequences that began in the period."""
    for facts in snapshot.patients.values():
        for claim in facts.claims.values():
            counts = claim.status == "active" and scope.contains(claim.start)
            if counts and (scope.is_whole_programme or _is_of(snapshot, scope, facts, claim)):
                yield claim


def _is_of(snapshot: Snapshot, scope: Scope, facts: PatientFacts, claim: Claim) -> bool:
    """Whether the sequence billed by a claim belongs to an episode of the scope."""
    for sequence in facts.sequences.values():
        if (sequence.start, sequence.track) == (claim.start, claim.forfait):
            episode = facts.episodes.get(sequence.episode or "")
            return episode is not None and scope.includes(snapshot, episode.nurse, snapshot.site_of(episode))
    return False
