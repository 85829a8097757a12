"""What counts as a baseline, as response and as remission, wherever they are asked.

The baseline is the first score within 14 days of the enrolment: collaborative care metrics of New York State
(2025), as restated publicly. Response is a fall of half or more, remission a score under 5 (Psychiatric
Services, 10.1176/appi.ps.201900295).
"""

from datetime import date

from mappings.sesame.pathway.calendar import add_days

BASELINE_DAYS = 14
REMISSION_BELOW = 5


def is_baseline(scored_on: date, enrolled_on: date) -> bool:
    """Whether the first score of an episode came soon enough to be its baseline."""
    return scored_on <= add_days(enrolled_on, BASELINE_DAYS)


def is_response(baseline: int, current: int) -> bool:
    """Whether a score fell by half or more; of a baseline of 0 nobody should ask."""
    return 2 * current <= baseline


def is_remission(score: int) -> bool:
    """Whether a score of the PHQ-9 or the GAD-7 is one of remission."""
    return score < REMISSION_BELOW
