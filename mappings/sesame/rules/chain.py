"""Checks how the sequences of an episode follow one another: ranks, renewals, twelve months, one léger.

Source: avis du comité technique (June 2023), rules R4 to R6; the policy decides what it leaves open.
"""

from collections.abc import Iterable, Iterator
from collections.abc import Sequence as Several

from fhir_server.issues import Issue
from mappings.sesame.pathway.calendar import RANK_MAX, WHOLE_MONTHS, add_days, last_day
from mappings.sesame.pathway.sequence import Sequence
from mappings.sesame.policy import Policy
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import policy_issue, refusal


def check_order(policy: Policy, sequence: Sequence, siblings: Several[Sequence]) -> Iterator[Issue]:
    """The issues of a sequence beside the others of its episode."""
    yield from _check_tracks(policy, sequence, siblings)
    if sequence.track == "leger":
        yield from _check_leger(sequence, siblings)
    else:
        yield from _check_classique(policy, sequence, [one for one in siblings if one.track == "classique"])


def check_renewals_kept(
    before: Sequence, after: Sequence | None, others: Iterable[Sequence]
) -> Iterator[Issue]:
    """The issues of the renewals of a sequence that has changed, or was deleted (`after` is None)."""
    for follower in others:
        if follower.previous == before.id and not _is_renewed_by(after, follower):
            text = messages.RENEWED_BY(id=follower.id, rank=follower.rank - 1, start=follower.start)
            yield refusal(text, "CarePlan")


def _is_renewed_by(sequence: Sequence | None, follower: Sequence) -> bool:
    return (
        sequence is not None
        and sequence.is_over
        and sequence.track == "classique"
        and sequence.episode == follower.episode
        and sequence.rank == follower.rank - 1
        and sequence.end < follower.start
    )


def _check_tracks(policy: Policy, sequence: Sequence, siblings: Iterable[Sequence]) -> Iterator[Issue]:
    """The policy decides in which order the two tracks may follow, whichever was recorded first."""
    others = [one for one in siblings if one.track != sequence.track]
    before = any(one.start < sequence.start for one in others)
    after = any(one.start > sequence.start for one in others)
    is_leger = sequence.track == "leger"
    if before if is_leger else after:
        text = messages.LEGER_AFTER_CLASSIQUE()
        yield from policy_issue(policy.classique_then_leger, text, "CarePlan.extension")
    elif after if is_leger else before and sequence.rank == 1:
        text = messages.CLASSIQUE_AFTER_LEGER()
        yield from policy_issue(policy.leger_then_classique, text, "CarePlan.extension")


def _check_leger(sequence: Sequence, siblings: Iterable[Sequence]) -> Iterator[Issue]:
    """R6: a léger is neither renewed nor a renewal."""
    is_renewal = sequence.rank > 1 or sequence.plan.get("replaces")
    if is_renewal or any(one.track == "leger" for one in siblings):
        yield refusal(messages.LEGER_ONCE(), "CarePlan.replaces")


def _check_classique(policy: Policy, sequence: Sequence, same: Several[Sequence]) -> Iterator[Issue]:
    """R4 and R5: at most four ranks, each once, in chronological order, within twelve months."""
    if sequence.rank > RANK_MAX:
        yield refusal(messages.TOO_MANY(most=RANK_MAX), "CarePlan.extension")
    if taken := next((one for one in same if one.rank == sequence.rank), None):
        yield refusal(messages.RANK_TAKEN(rank=sequence.rank, id=taken.id), "CarePlan.extension")
    first = min(one.start for one in (sequence, *same))
    end, latest = max(one.end for one in (sequence, *same)), last_day(first, WHOLE_MONTHS)
    if end > latest:
        text = messages.BEYOND_YEAR(first=first, latest=latest, end=end)
        yield refusal(text, "CarePlan.period.end")
    if sequence.rank > 1:
        yield from _check_renewal(policy, sequence, same)
    elif sequence.plan.get("replaces"):
        yield refusal(messages.FIRST_RENEWS_NOTHING(), "CarePlan.replaces")


def _check_renewal(policy: Policy, sequence: Sequence, same: Iterable[Sequence]) -> Iterator[Issue]:
    previous = next((one for one in same if one.id == sequence.previous), None)
    if previous is None or previous.rank != sequence.rank - 1:
        yield refusal(messages.RENEWS_PREVIOUS(rank=sequence.rank - 1), "CarePlan.replaces")
        return
    if not previous.is_over:
        yield refusal(messages.PREVIOUS_OPEN(id=previous.id), "CarePlan.replaces")
    if sequence.end < previous.start:
        text = messages.RENEWS_LATER(start=sequence.start, previous=previous.start)
        yield refusal(text, "CarePlan.period.start")
    if sequence.start > add_days(previous.end, 1):
        text = messages.GAP(end=previous.end, start=sequence.start)
        yield from policy_issue(policy.gaps, text, "CarePlan.period.start")
