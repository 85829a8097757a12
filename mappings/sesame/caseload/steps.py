"""The next step of an episode, as a nurse's list proposes it. Who acts on it is the nurse.

No source of SÉSAME states when a step is due: the days are those of the policy.
"""

from dataclasses import dataclass
from datetime import date

from fhir_server.issues import Text
from mappings.sesame.caseload import messages
from mappings.sesame.caseload.episode_summary import EpisodeSummary
from mappings.sesame.pathway.calendar import RANK_MAX, add_days
from mappings.sesame.policy import Policy


@dataclass(frozen=True, slots=True)
class Step:
    """What to do, and the day by which."""

    code: str
    text: Text
    due: date


def next_step(policy: Policy, summary: EpisodeSummary) -> Step:
    """The first thing to do for an open episode."""
    day, sequence = summary.day, summary.sequence
    if summary.alert:
        return Step("handle-alert", messages.HANDLE_ALERT(), day)
    if sequence is None:
        return Step("begin-sequence", messages.BEGIN_SEQUENCE(), day)
    due = add_days(summary.last_contact or summary.episode.start, policy.contact_days)
    if sequence.end <= min(due, add_days(day, policy.contact_days)):
        if sequence.track == "classique" and sequence.rank < RANK_MAX:
            return Step("renew-or-exit", messages.RENEW_OR_EXIT(end=sequence.end), sequence.end)
        return Step("exit", messages.EXIT(end=sequence.end), sequence.end)
    return Step("contact", messages.CONTACT(due=due), due)
