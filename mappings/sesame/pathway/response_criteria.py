"""The criteria for a baseline, for response and for remission.

The baseline is the first score within 14 days of the enrolment: collaborative care metrics of New York State
(2025), as restated publicly. Response is a fall of half or more, remission a score under 5 (Psychiatric
Services, 10.1176/appi.ps.201900295).
"""

from datetime import date

from mappings.sesame.pathway.calendar import add_days

BASELINE_DAYS = 14
REMISSION_BELOW = 5


def is_baseline(scored_on: date, enrolled_on: date) -> bool:
    """Whether the first score of an episode is early enough to be its baseline."""
    return scored_on <= add_days(enrolled_on, BASELINE_DAYS)


def is_response(baseline: int, current: int) -> bool:
    """Whether a score fell by half or more; meaningless for a baseline of 0."""
    return 2 * current <= baseline


def is_remission(score: int) -> bool:
    """Whether a score of the PHQ-9 or the GAD-7 means remission."""
    return score < REMISSION_BELOW
