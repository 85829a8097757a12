"""Response and remission: the change of a score since the baseline of its episode.

The episode begins with the initial assessment, not with the referral. Nothing is imputed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from fhir_server.core.code_systems import LOINC
from fhir_server.extension import Resource
from fhir_server.search.ast import Match, ReferenceValue, SearchQuery, TokenValue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.episode import BEGUN
from mappings.sesame.pathway.reading import (
    FOUND_MAX,
    Records,
    codes,
    day,
    find_referring,
    resolved,
    start_micros,
)
from mappings.sesame.pathway.response_criteria import is_baseline, is_remission, is_response
from mappings.sesame.scales import Scale

VALID_STATUSES = frozenset({"final", "amended", "corrected"})
"""The statuses of a valid score."""


@dataclass(frozen=True, slots=True)
class Score:
    """A score on record; `moment` is the date as written, which orders the scores of one day."""

    id: str
    value: int
    day: date
    moment: str


@dataclass(frozen=True, slots=True)
class Progress:
    """A score after the baseline of its episode."""

    baseline: Score
    current: Score

    @property
    def is_remission(self) -> bool:
        return is_remission(self.current.value)

    def is_response(self, from_baseline: int) -> bool | None:
        """Whether the score fell by half; None where the baseline is below `from_baseline`, or 0."""
        if self.baseline.value < max(from_baseline, 1):
            return None
        return is_response(self.baseline.value, self.current.value)


def scores_of(records: Records, scale: Scale, patient: str) -> list[Score]:
    """The valid scores of a patient on one scale, sorted by date."""
    of_patient = Match("patient", "reference", (ReferenceValue("Patient", patient),))
    of_scale = Match("code", "token", (TokenValue(LOINC, scale.total),))
    query = SearchQuery(("Observation",), (of_patient, of_scale), count=FOUND_MAX, total="none")
    found = (_score(observation) for observation in records.find(query))
    return sorted((one for one in found if one), key=lambda one: start_micros(one.moment))


def progress_of(records: Records, scores: list[Score], patient: str) -> Iterator[Progress]:
    """The progress of each score after the baseline of its episode."""
    episodes = find_referring(records, "EpisodeOfCare", "patient", f"Patient/{patient}")
    for start, end in filter(None, map(span_of, episodes)):
        within = [one for one in scores if start <= one.day <= end]
        if within and is_baseline(within[0].day, start):
            for later in within[1:]:
                yield Progress(within[0], later)


def outcomes_of(guide: Guide, records: Records, scale: Scale, patient: str) -> Iterator[Resource]:
    """The valid response and remission Observations of a patient on one scale."""
    system = guide.canonical("CodeSystem", "sesame-observation-code")
    of_patient = Match("patient", "reference", (ReferenceValue("Patient", patient),))
    kinds = tuple(TokenValue(system, kind) for kind in ("treatment-response", "remission"))
    query = SearchQuery(
        ("Observation",), (of_patient, Match("code", "token", kinds)), count=FOUND_MAX, total="none"
    )
    for outcome in records.find(query):
        scores = (resolved(records, one, "Observation") for one in outcome.get("derivedFrom", ()))
        if outcome.get("status") in VALID_STATUSES and any(
            score and scale.total in codes(score.get("code"), LOINC) for score in scores
        ):
            yield outcome


def span_of(episode: Resource) -> tuple[date, date] | None:
    """The first and last day of an episode that has begun; None for any other."""
    period = episode.get("period", {})
    start = day(period.get("start"))
    if start is None or episode.get("status") not in BEGUN:
        return None
    return start, day(period.get("end")) or date.max


def _score(observation: Resource) -> Score | None:
    moment = observation.get("effectiveDateTime")
    on, value = day(moment), observation.get("valueInteger")
    if on is None or not isinstance(value, int) or observation.get("status") not in VALID_STATUSES:
        return None
    return Score(observation["id"], value, on, str(moment))
