"""The value of each Measure of the guide in a scope; `INDICATORS` names them all.

Definitions: the descriptions of the Measures in `profiles/sesame/Measure/`. The
state of an episode is that on the last day of the period.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal

from fhir_server.core import json
from mappings.sesame.caseload.caseload import PatientFacts, Snapshot
from mappings.sesame.caseload.episode_summary import (
    Trend,
    contact_days,
    in_twelve_weeks,
    reviews_of,
    sequences_of,
    trend_of,
    visits_of,
)
from mappings.sesame.caseload.facts import Episode
from mappings.sesame.measures.scope import Case, Scope, begun, cases, claims, ended, referrals, sequences
from mappings.sesame.pathway.sequence import TRACKS

Subjects = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """One group of a report: the subjects of each population, as references. `code` is a code system of the
    guide and the code of the group. `strata` are counts by value.
    """

    populations: Mapping[str, Subjects]
    score: Decimal | None = None
    unit: str | None = None
    code: tuple[str, str] | None = None
    strata: Mapping[str, int] | None = None


Indicator = Callable[[Snapshot, Scope], list[Group]]


def _acceptance(snapshot: Snapshot, scope: Scope) -> list[Group]:
    return [_referred(snapshot, scope, {"in-progress", "completed"})]


def _refusal(snapshot: Snapshot, scope: Scope) -> list[Group]:
    return [_referred(snapshot, scope, {"rejected"})]


def _referred(snapshot: Snapshot, scope: Scope, statuses: set[str]) -> Group:
    found = list(referrals(snapshot, scope))
    wanted = [one for one in found if one.status in statuses]
    return _proportion([f"Task/{one.id}" for one in found], [f"Task/{one.id}" for one in wanted])


def _included(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """By the track of the first sequence, on the day on which it began."""
    firsts = ((next(iter(sequences_of(*case)), None), case[1]) for case in cases(snapshot, scope))
    found = [(one.track, _subject(episode)) for one, episode in firsts if one and scope.contains(one.start)]
    return _by_track(found)


def _caseload(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """On the last day of the period, by nurse."""
    found = [episode for _, episode in cases(snapshot, scope) if episode.is_open_on(scope.end)]
    strata: dict[str, int] = {}
    for episode in found:
        nurse = f"PractitionerRole/{episode.nurse}" if episode.nurse else "-"
        strata[nurse] = strata.get(nurse, 0) + 1
    return [_cohort(map(_subject, found), strata=dict(sorted(strata.items())))]


def _lost(snapshot: Snapshot, scope: Scope) -> list[Group]:
    found = [episode for _, episode in ended(snapshot, scope)]
    lost = [episode for episode in found if episode.exit_reason == "lost-to-follow-up"]
    return [_proportion(map(_subject, found), map(_subject, lost))]


def _contacts(snapshot: Snapshot, scope: Scope) -> list[Group]:
    def count(facts: PatientFacts, episode: Episode) -> int:
        return len(_contact_days(facts, episode, scope.end))

    return [_continuous(begun(snapshot, scope), count)]


def _four_contacts(snapshot: Snapshot, scope: Scope) -> list[Group]:
    found = begun(snapshot, scope)
    reached = [case for case in found if in_twelve_weeks(_contact_days(*case, scope.end), case[1]) >= 4]
    return [_proportion(_subjects(found), _subjects(reached))]


def _first_contact(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """From the referral to the first encounter with the patient."""

    def days(facts: PatientFacts, episode: Episode) -> int | None:
        met = [visit.day for visit in visits_of(facts, episode, scope.end) if visit.kind != "case-review"]
        return _waited(facts, episode, min(met, default=None))

    return [_continuous(begun(snapshot, scope), days, "d")]


def _first_sequence(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """From the referral to the first sequence."""

    def days(facts: PatientFacts, episode: Episode) -> int | None:
        starts = [one.start for one in sequences_of(facts, episode) if one.start <= scope.end]
        return _waited(facts, episode, min(starts, default=None))

    return [_continuous(begun(snapshot, scope), days, "d")]


def _reviews(snapshot: Snapshot, scope: Scope) -> list[Group]:
    def count(facts: PatientFacts, episode: Episode) -> int:
        return len(reviews_of(facts, episode, scope.end))

    return [_continuous(begun(snapshot, scope), count)]


def _reviewed(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """The patients without a response, and those of them who had a case review."""
    everyone = begun(snapshot, scope)
    found = [case for case in everyone if (trend := _trend(case, scope)) and trend.responded is False]
    seen = [episode for facts, episode in found if reviews_of(facts, episode, scope.end)]
    return [_proportion(_subjects(found), map(_subject, seen), _subjects(everyone))]


def _response(snapshot: Snapshot, scope: Scope) -> list[Group]:
    return [_outcome(snapshot, scope, lambda trend: trend.responded)]


def _remission(snapshot: Snapshot, scope: Scope) -> list[Group]:
    return [_outcome(snapshot, scope, lambda trend: trend.remitted)]


def _outcome(snapshot: Snapshot, scope: Scope, told: Callable[[Trend], bool | None]) -> Group:
    everyone = begun(snapshot, scope)
    judged = [(case, told(trend)) for case in everyone if (trend := _trend(case, scope))]
    found = [case for case, outcome in judged if outcome is not None]
    reached = [case for case, outcome in judged if outcome]
    return _proportion(_subjects(found), _subjects(reached), _subjects(everyone))


def _phq9(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """The mean of the first scores and that of the last scores, of the patients who have both."""
    everyone = begun(snapshot, scope)

    def initial(facts: PatientFacts, episode: Episode) -> int | None:
        trend = _trend((facts, episode), scope)
        return trend.baseline.value if trend and trend.last and trend.is_phq9 else None

    def last(facts: PatientFacts, episode: Episode) -> int | None:
        trend = _trend((facts, episode), scope)
        return trend.last.value if trend and trend.last and trend.is_phq9 else None

    return [
        _continuous(everyone, initial, code=("sesame-observation-code", "baseline-score")),
        _continuous(everyone, last, code=("sesame-observation-code", "current-score")),
    ]


def _duration(snapshot: Snapshot, scope: Scope) -> list[Group]:
    def days(_: PatientFacts, episode: Episode) -> int | None:
        return (episode.end - episode.start).days if episode.end else None

    return [_continuous(ended(snapshot, scope), days, "d")]


def _tracks(snapshot: Snapshot, scope: Scope) -> list[Group]:
    return _by_track([(one.track, f"CarePlan/{one.id}") for one in sequences(snapshot, scope)])


def _billed(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """The score of a group is its amount in euros."""
    groups = []
    found = list(claims(snapshot, scope))
    for forfait in TRACKS:
        own = [claim for claim in found if claim.forfait == forfait]
        amount = sum((json.decimal(claim.amount) for claim in own), Decimal(0))
        subjects = tuple(f"Claim/{claim.id}" for claim in own)
        groups.append(
            Group({"initial-population": subjects}, amount, "EUR", code=("sesame-forfait", forfait))
        )
    return groups


def _satisfaction(snapshot: Snapshot, scope: Scope) -> list[Group]:
    """Answers are anonymous: they are counted by date, and cannot be attributed to a site or a nurse."""
    subjects = tuple(_subjects(ended(snapshot, scope)))
    if not scope.is_whole_programme:
        return [Group({"initial-population": subjects, "denominator": subjects})]
    answers = [id for id, one in snapshot.answers.items() if scope.contains(one.day)]
    # Without this limit, more answers than exits in a period would give a rate above one.
    counted = (f"QuestionnaireResponse/{id}" for id in answers[: len(subjects)])
    return [_proportion(subjects, counted)]


INDICATORS: Mapping[str, Indicator] = {
    "acceptation": _acceptance,
    "refus": _refusal,
    "inclusions": _included,
    "file-active": _caseload,
    "perdus-de-vue": _lost,
    "delai-premier-contact": _first_contact,
    "delai-premiere-sequence": _first_sequence,
    "contacts": _contacts,
    "quatre-contacts": _four_contacts,
    "revues-par-parcours": _reviews,
    "revue-de-cas": _reviewed,
    "phq9": _phq9,
    "reponse": _response,
    "remission": _remission,
    "duree": _duration,
    "repartition": _tracks,
    "sequences-facturees": _billed,
    "satisfaction": _satisfaction,
}
"""By the id of the Measure, in the order of the dashboard."""


def _subject(episode: Episode) -> str:
    return f"EpisodeOfCare/{episode.id}"


def _subjects(found: Iterable[Case]) -> Subjects:
    return tuple(_subject(episode) for _, episode in found)


def _trend(case: Case, scope: Scope) -> Trend | None:
    return trend_of(*case, scope.end)


def _contact_days(facts: PatientFacts, episode: Episode, until: date) -> list[date]:
    return contact_days(visits_of(facts, episode, until))


def _waited(facts: PatientFacts, episode: Episode, event: date | None) -> int | None:
    """Days from the referral of an episode to an event; None where either is not on record."""
    day = facts.referred_on(episode)
    return None if day is None or event is None else (event - day).days


def _cohort(
    subjects: Iterable[str], code: tuple[str, str] | None = None, strata: Mapping[str, int] | None = None
) -> Group:
    return Group({"initial-population": tuple(subjects)}, code=code, strata=strata)


def _by_track(found: list[tuple[str, str]]) -> list[Group]:
    """A group for each track; `found` are pairs of a track and a subject."""
    return [
        _cohort([subject for one, subject in found if one == track], code=("sesame-track", track))
        for track in TRACKS
    ]


def _proportion(
    denominator: Iterable[str], numerator: Iterable[str], everyone: Iterable[str] | None = None
) -> Group:
    """A proportion; without a score where the denominator is empty."""
    below, above = tuple(denominator), tuple(numerator)
    initial = below if everyone is None else tuple(everyone)
    populations = {"initial-population": initial, "denominator": below, "numerator": above}
    return Group(populations, _rounded(Decimal(len(above)) / len(below), "0.0001") if below else None)


def _continuous(
    found: Iterable[Case],
    value: Callable[[PatientFacts, Episode], int | None],
    unit: str | None = None,
    code: tuple[str, str] | None = None,
) -> Group:
    """A continuous variable: the score is the mean of the values. Cases without a value are not in the
    measure population.
    """
    case_list = list(found)
    values = {_subject(case[1]): number for case in case_list if (number := value(*case)) is not None}
    mean = _rounded(Decimal(sum(values.values())) / len(values), "0.01") if values else None
    populations = {"initial-population": _subjects(case_list), "measure-population": tuple(values)}
    return Group(populations, mean, unit, code)


def _rounded(number: Decimal, step: str) -> Decimal:
    return number.quantize(Decimal(step), ROUND_HALF_EVEN)
