"""The sequences of a patient: assessment first, three months, four ranks, twelve months, no overlap, one
léger.

Source: avis du comité technique (June 2023), rules R3 to R6 and R9; the policy decides what it leaves open.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from fhir_server.search.ast import Match, SearchQuery, TokenValue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.calendar import CLASSIQUE_MONTHS, RANK_MAX, WHOLE_MONTHS, add_days, last_day
from mappings.sesame.pathway.reading import FOUND_MAX, codes, day, followed, has_code, target
from mappings.sesame.pathway.sequence import (
    COUNTED,
    Sequence,
    is_marked,
    lacking,
    sequence_of,
    sequences_of,
    sequences_of_patient,
)
from mappings.sesame.policy import Policy
from mappings.sesame.resources.care_plan import EPISODE
from mappings.sesame.rules import messages
from mappings.sesame.rules.verdict import judged, refusal

LIVE_EPISODES = frozenset({"active", "onhold", "finished"})
ONE_EACH = ("ide", "psychiatre")
AT_LEAST_ONE = "medecin-generaliste"


class SequenceRules:
    """Whether a CarePlan that is a sequence may stand beside the others of its patient."""

    name = "sequences"
    types = frozenset({"CarePlan"})

    def __init__(self, guide: Guide, policy: Policy) -> None:
        self._guide = guide
        self._policy = policy

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        sequence = sequence_of(self._guide, change.after)
        yield from self._identity(change, sequence, view)
        if sequence is None or not sequence.counts:
            return
        view.lock(f"sesame/Patient/{sequence.patient}")
        all_sequences = sequences_of_patient(self._guide, view, sequence.patient)
        others = [one for one in all_sequences if one.id != sequence.id]
        siblings = [one for one in others if one.episode == sequence.episode]
        yield from self._assessment(sequence, view)
        yield from self._episode(sequence, view)
        yield from self._team(sequence, view)
        yield from self._length(sequence)
        yield from self._window(sequence)
        yield from _overlaps(sequence, others)
        if sequence.track == "leger":
            yield from self._leger(sequence, siblings)
        else:
            yield from self._classique(sequence, siblings)

    def _identity(self, change: Change, sequence: Sequence | None, view: View) -> Iterator[Issue]:
        """What is or renews a sequence has all that makes it one, and keeps its number, which claims bear."""
        plan, before = change.after, sequence_of(self._guide, change.before)
        counted = before is not None and before.counts
        if plan is None:
            return
        if sequence is None:
            if counted or (plan.get("status") in COUNTED and self._is_ours(plan, view)):
                names = ", ".join(lacking(self._guide, plan))
                yield refusal(messages.SEQUENCE_LACKS(names=names), "CarePlan")
        elif before is not None and counted and before.number != sequence.number:
            yield refusal(messages.NUMBER_FIXED(number=before.number), "CarePlan.identifier")
        elif sequence.counts:
            yield from self._own_number(sequence, view)

    def _is_ours(self, plan: Resource, view: View) -> bool:
        replaced = (followed(view, one, "CarePlan") for one in plan.get("replaces", ()))
        return is_marked(self._guide, plan) or any(sequence_of(self._guide, one) for one in replaced)

    def _own_number(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        number = TokenValue(self._guide.naming_system("care-plan"), sequence.number)
        query = SearchQuery(
            ("CarePlan",), (Match("identifier", "token", (number,)),), count=FOUND_MAX, total="none"
        )
        for other in sequences_of(self._guide, view.find(query)):
            if other.id != sequence.id:
                text = messages.NUMBER_TAKEN(number=sequence.number, id=other.id)
                yield refusal(text, "CarePlan.identifier")

    def _assessment(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        """R9: the nurse's initial assessment decides the track, so it comes before any sequence."""
        visit = followed(view, sequence.plan.get("encounter"), "Encounter")
        kinds = self._guide.canonical("CodeSystem", "sesame-encounter-type")
        if (
            visit is None
            or not has_code(visit.get("type", []), kinds, "initial-assessment")
            or visit.get("status") != "finished"
            or target(visit.get("subject"), "Patient") != sequence.patient
        ):
            yield refusal(messages.ASSESSMENT_NEEDED(), "CarePlan.encounter")
            return
        assessed = day(visit.get("period", {}).get("start"))
        if assessed is None or assessed > sequence.start:
            text = messages.ASSESSED_LATER(start=sequence.start, assessed=assessed or "?")
            yield refusal(text, "CarePlan.period.start")

    def _episode(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        episode = view.get("EpisodeOfCare", sequence.episode) if sequence.episode else None
        place = f"CarePlan.extension('{EPISODE}')"
        if episode is None or episode.get("status") not in LIVE_EPISODES:
            yield refusal(messages.EPISODE_NEEDED(), place)
        elif target(episode.get("patient"), "Patient") != sequence.patient:
            yield refusal(messages.EPISODE_OF_ANOTHER(), place)

    def _team(self, sequence: Sequence, view: View) -> Iterator[Issue]:
        teams = (followed(view, team, "CareTeam") for team in sequence.plan.get("careTeam", ()))
        system = self._guide.canonical("CodeSystem", "sesame-role")
        if not any(_is_complete(team, system) for team in teams if team):
            yield from judged(self._policy.complete_team, messages.TEAM_INCOMPLETE(), "CarePlan.careTeam")

    def _length(self, sequence: Sequence) -> Iterator[Issue]:
        """R3 for the classique; how long a léger lasts is not stated."""
        months = CLASSIQUE_MONTHS if sequence.track == "classique" else self._policy.leger_months
        latest = last_day(sequence.start, months)
        if sequence.end > latest:
            text = messages.TOO_LONG(months=months, latest=latest, end=sequence.end)
            yield refusal(text, "CarePlan.period.end")

    def _window(self, sequence: Sequence) -> Iterator[Issue]:
        first, last = self._policy.window_start, self._policy.window_end
        if (first and sequence.start < first) or (last and sequence.start > last):
            text = messages.OUTSIDE_WINDOW(start=sequence.start, first=first or "…", last=last or "…")
            yield refusal(text, "CarePlan.period.start")

    def _leger(self, sequence: Sequence, siblings: list[Sequence]) -> Iterator[Issue]:
        """R6: a léger is never renewed, neither by another nor as the renewal of one."""
        if sequence.previous or any(one.track == "leger" for one in siblings):
            yield refusal(messages.LEGER_ONCE(), "CarePlan.replaces")
        if any(one.track == "classique" and one.start < sequence.start for one in siblings):
            text = messages.LEGER_AFTER_CLASSIQUE()
            yield from judged(self._policy.classique_then_leger, text, "CarePlan.extension")

    def _classique(self, sequence: Sequence, siblings: list[Sequence]) -> Iterator[Issue]:
        same = [one for one in siblings if one.track == "classique"]
        if any(one.track == "leger" for one in siblings) and sequence.rank == 1:
            text = messages.CLASSIQUE_AFTER_LEGER()
            yield from judged(self._policy.leger_then_classique, text, "CarePlan.extension")
        if sequence.rank > RANK_MAX:
            yield refusal(messages.TOO_MANY(most=RANK_MAX), "CarePlan.extension")
        if taken := next((one for one in same if one.rank == sequence.rank), None):
            yield refusal(messages.RANK_TAKEN(rank=sequence.rank, id=taken.id), "CarePlan.extension")
        first = min([sequence, *same], key=lambda one: one.start)
        latest = last_day(first.start, WHOLE_MONTHS)
        if sequence.end > latest:
            text = messages.BEYOND_YEAR(first=first.start, latest=latest, end=sequence.end)
            yield refusal(text, "CarePlan.period.end")
        if sequence.rank > 1:
            yield from self._renewal(sequence, same)

    def _renewal(self, sequence: Sequence, same: list[Sequence]) -> Iterator[Issue]:
        previous = next((one for one in same if one.id == sequence.previous), None)
        if previous is None or previous.rank != sequence.rank - 1:
            yield refusal(messages.RENEWS_PREVIOUS(rank=sequence.rank - 1), "CarePlan.replaces")
            return
        if not previous.is_over:
            yield refusal(messages.PREVIOUS_OPEN(id=previous.id), "CarePlan.replaces")
        if sequence.start > add_days(previous.end, 1):
            text = messages.GAP(end=previous.end, start=sequence.start)
            yield from judged(self._policy.gaps, text, "CarePlan.period.start")


def _overlaps(sequence: Sequence, others: list[Sequence]) -> Iterator[Issue]:
    for other in others:
        if sequence.start <= other.end and other.start <= sequence.end:
            text = messages.OVERLAP(id=other.id, start=other.start, end=other.end)
            yield refusal(text, "CarePlan.period")


def _is_complete(team: dict[str, object], system: str) -> bool:
    """Exactly one nurse and one psychiatrist, and a general practitioner at least."""
    participants = team.get("participant", [])
    roles = [
        code
        for participant in (participants if isinstance(participants, list) else [])
        for role in participant.get("role", ())
        for code in codes(role, system)
    ]
    return (
        team.get("status") == "active"
        and all(roles.count(role) == 1 for role in ONE_EACH)
        and AT_LEAST_ONE in roles
    )
