"""The agenda of the weekly case review: which patients to discuss, in which order, and why.

Not improved after 70 days in care, and a review within 60 days: collaborative care metrics of New York State
(2025), as restated publicly. A contact within 28 days: the caseload trackers of the AIMS Center. None of
these is a rule of SÉSAME, so each threshold is a setting.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from fhir_server.issues import Text
from mappings.sesame.caseload import messages
from mappings.sesame.caseload.episode_summary import SCALES, EpisodeSummary


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Thresholds in days, and the lowest baseline score that is expected to improve."""

    not_improved_days: int
    review_days: int
    contact_days: int
    elevated_score: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a patient is on the agenda."""

    code: str
    text: Text


@dataclass(frozen=True, slots=True)
class Item:
    """One patient of the agenda, with the reasons, most serious first."""

    summary: EpisodeSummary
    reasons: tuple[Reason, ...]


GRAVITY = ("suicide-alert", "team-request", "not-improved", "no-review", "no-contact")
"""The codes of the reasons, most serious first."""


def agenda(summaries: Iterable[EpisodeSummary], thresholds: Thresholds) -> list[Item]:
    """The patients with a reason, sorted by the most serious one, then by their number, then by the wait."""
    found = (Item(summary, tuple(_reasons(summary, thresholds))) for summary in summaries)
    return sorted((item for item in found if item.reasons), key=_rank)


def _rank(item: Item) -> tuple[int, int, int, str]:
    waiting = item.summary.days_since(item.summary.last_review)
    gravest = GRAVITY.index(item.reasons[0].code)
    return gravest, -len(item.reasons), -waiting, item.summary.episode.number


def _reasons(summary: EpisodeSummary, thresholds: Thresholds) -> Iterator[Reason]:
    if summary.alert:
        yield Reason("suicide-alert", messages.SUICIDE_ALERT())
    if summary.episode.flagged:
        yield Reason("team-request", messages.TEAM_REQUEST())
    if text := _not_improved(summary, thresholds):
        yield Reason("not-improved", text)
    days_without_review = summary.days_since(summary.last_review)
    if days_without_review >= thresholds.review_days:
        never = messages.NEVER_REVIEWED(days=days_without_review)
        last = messages.NO_REVIEW(days=days_without_review, last=summary.last_review)
        yield Reason("no-review", last if summary.last_review else never)
    days_without_contact = summary.days_since(summary.last_contact)
    if days_without_contact >= thresholds.contact_days:
        yield Reason("no-contact", messages.NO_CONTACT(days=days_without_contact))


def _not_improved(summary: EpisodeSummary, thresholds: Thresholds) -> Text | None:
    """The text about a patient who should have improved and has not; None for any other.

    Improved means a response, or a score below the threshold.
    """
    trend, days = summary.trend, summary.days_in_care
    if trend is None or days < thresholds.not_improved_days:
        return None
    if trend.baseline.value < thresholds.elevated_score:
        return None
    scale, first = SCALES[trend.scale], trend.baseline.value
    if trend.last is None:
        return messages.NOT_MEASURED(days=days, scale=scale, first=first)
    if trend.responded or trend.last.value < thresholds.elevated_score:
        return None
    return messages.NOT_IMPROVED(days=days, scale=scale, first=first, last=trend.last.value)
