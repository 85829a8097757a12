"""The next step that a nurse's list proposes for an episode.

No source of SÉSAME states when a step is due: the policy sets the number of days.
"""

from dataclasses import dataclass
from datetime import date

from fhir_server.issues import Text
from mappings.sesame.caseload import messages
from mappings.sesame.caseload.episode_summary import EpisodeSummary
from mappings.sesame.pathway.calendar import RANK_MAX, add_days
from mappings.sesame.policy import Policy


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do, and by which day."""

    code: str
    text: Text
    due: date


def next_step(policy: Policy, summary: EpisodeSummary) -> NextStep:
    """The most urgent step of an open episode."""
    day, sequence = summary.day, summary.sequence
    if summary.alert:
        return NextStep("handle-alert", messages.HANDLE_ALERT(), day)
    if sequence is None:
        return NextStep("begin-sequence", messages.BEGIN_SEQUENCE(), day)
    due = add_days(summary.last_contact or summary.episode.start, policy.contact_days)
    if sequence.end <= min(due, add_days(day, policy.contact_days)):
        if sequence.track == "classique" and sequence.rank < RANK_MAX:
            return NextStep("renew-or-exit", messages.RENEW_OR_EXIT(end=sequence.end), sequence.end)
        return NextStep("exit", messages.EXIT(end=sequence.end), sequence.end)
    return NextStep("contact", messages.CONTACT(due=due), due)
