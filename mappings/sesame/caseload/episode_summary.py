"""The state of an episode on a day, from the events up to that day. A score is never imputed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.facts import Episode, Person, Score, Sequence, Visit
from mappings.sesame.pathway.calendar import add_days
from mappings.sesame.pathway.response_criteria import is_baseline, is_remission, is_response

PHQ9, GAD7 = "44261-6", "70274-6"
SCALES = {PHQ9: "PHQ-9", GAD7: "GAD-7"}
"""The scales that measure response: the PHQ-9, or the GAD-7 where there is no PHQ-9."""

TWELVE_WEEKS_DAYS = 84


@dataclass(frozen=True, slots=True)
class Trend:
    """The scores of one scale in one episode: the baseline, and the last score after it."""

    scale: str
    baseline: Score
    last: Score | None

    @property
    def is_phq9(self) -> bool:
        return self.scale == PHQ9

    @property
    def current(self) -> Score:
        return self.last or self.baseline

    @property
    def responded(self) -> bool | None:
        """Whether the score fell by half or more; None without a later score, or when the baseline is 0."""
        if self.last is None or self.baseline.value == 0:
            return None
        return is_response(self.baseline.value, self.last.value)

    @property
    def remitted(self) -> bool | None:
        """Whether the last score is under 5; None without a score after the baseline."""
        return None if self.last is None else is_remission(self.last.value)

    @property
    def change_percent(self) -> int | None:
        """From the baseline to the last score, rounded toward the smaller change."""
        if self.last is None or self.baseline.value == 0:
            return None
        return int((self.last.value - self.baseline.value) * 100 / self.baseline.value)


@dataclass(frozen=True, slots=True)
class EpisodeSummary:
    """An episode on a day. `contacts` counts the contacts with the patient after the assessment."""

    day: date
    patient: str
    person: Person | None
    episode: Episode
    sequence: Sequence | None
    trend: Trend | None
    contacts: int
    last_contact: date | None
    last_review: date | None
    alert: bool

    @property
    def days_in_care(self) -> int:
        return (self.day - self.episode.start).days

    def days_since(self, event: date | None) -> int:
        """Days since an event, or since the start of care where there was none."""
        return (self.day - (event or self.episode.start)).days


def open_episodes(
    snapshot: Snapshot, day: date, nurse: str | None = None, psychiatrist: str | None = None
) -> list[EpisodeSummary]:
    """The episodes open on a day, sorted by number; optionally only those of one nurse or one
    psychiatrist.
    """
    found = [
        summarise(patient, facts, episode, day)
        for patient, facts in snapshot.patients.items()
        for episode in facts.episodes.values()
        if episode.is_open_on(day)
        and (nurse is None or episode.nurse == nurse)
        and (psychiatrist is None or _cares(psychiatrist, facts, day))
    ]
    return sorted(found, key=lambda one: (one.episode.number, one.episode.id))


def summarise(patient: str, facts: PatientFacts, episode: Episode, day: date) -> EpisodeSummary:
    """The state of one episode of a patient on a day."""
    visits = visits_of(facts, episode, day)
    contacts = contact_days(visits)
    met = [*contacts, *(visit.day for visit in visits if visit.kind == "initial-assessment")]
    return EpisodeSummary(
        day=day,
        patient=patient,
        person=facts.person,
        episode=episode,
        sequence=_sequence(facts, episode, day),
        trend=trend_of(facts, episode, day),
        contacts=len(contacts),
        last_contact=max(met, default=None),
        last_review=max(reviews_of(facts, episode, day), default=None),
        alert=any(alert.holds_on(day) for alert in facts.alerts.values()),
    )


def visits_of(facts: PatientFacts, episode: Episode, day: date) -> list[Visit]:
    """The finished encounters of an episode up to a day.

    An encounter that names no episode belongs to the one of its day.
    """
    return [
        visit
        for visit in facts.visits.values()
        if visit.day <= day and (visit.episode or _episode_on(facts, visit.day, episode)) == episode.id
    ]


def contact_days(visits: Iterable[Visit]) -> list[date]:
    """The days of the nurse contacts among some visits; the initial assessment is not a contact."""
    return [visit.day for visit in visits if visit.kind == "nurse-contact"]


def in_twelve_weeks(days: Iterable[date], episode: Episode) -> int:
    """How many of the days are in the first twelve weeks of an episode."""
    return sum(day < add_days(episode.start, TWELVE_WEEKS_DAYS) for day in days)


def _episode_on(facts: PatientFacts, day: date, default: Episode) -> str:
    """The id of the episode under way on a day; `default` if it is one of several, or if there is none."""
    found = [one.id for one in facts.episodes.values() if one.start <= day <= (one.end or date.max)]
    return found[0] if found and default.id not in found else default.id


def reviews_of(facts: PatientFacts, episode: Episode, day: date) -> list[date]:
    """The days of the case reviews within an episode."""
    until = min(day, episode.end or day)
    days = (review.day for review in facts.case_reviews().values())
    return [on for on in days if episode.start <= on <= until]


def trend_of(facts: PatientFacts, episode: Episode, day: date) -> Trend | None:
    """The scores of the episode on the first scale that has a baseline; None where none has."""
    until = min(day, episode.end or day)
    within = sorted(
        (score for score in facts.scores.values() if episode.start <= score.day <= until),
        key=lambda score: score.moment,
    )
    for scale in SCALES:
        scores = [score for score in within if score.scale == scale]
        if scores and is_baseline(scores[0].day, episode.start):
            return Trend(scale, scores[0], scores[-1] if len(scores) > 1 else None)
    return None


def sequences_of(facts: PatientFacts, episode: Episode) -> list[Sequence]:
    """The sequences of an episode, sorted by their first day."""
    found = (one for one in facts.sequences.values() if one.episode == episode.id)
    return sorted(found, key=lambda one: (one.start, one.rank))


def _sequence(facts: PatientFacts, episode: Episode, day: date) -> Sequence | None:
    """The last sequence that had begun by the day."""
    begun: Iterable[Sequence] = (one for one in sequences_of(facts, episode) if one.start <= day)
    return max(begun, key=lambda one: (one.start, one.rank), default=None)


def _cares(psychiatrist: str, facts: PatientFacts, day: date) -> bool:
    return any(
        psychiatrist in team.psychiatrists
        and (team.start is None or team.start <= day)
        and (team.end is None or day <= team.end)
        for team in facts.teams.values()
    )
