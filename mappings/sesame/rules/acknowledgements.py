"""Acknowledgements by the billing system: one Task per claim, whose state only moves forward.

Payment states are on this Task and on ClaimResponse, never on the Claim: a new version of the Claim would
come back through the feed.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.guide import Guide
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import codes, find_referring, has_code, target
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import refusal

NEXT: dict[str, tuple[str, ...]] = {
    "received": ("transmitted", "accepted", "rejected", "paid"),
    "transmitted": ("accepted", "rejected", "paid"),
    "accepted": ("rejected", "paid"),
    "rejected": ("transmitted",),
    "paid": (),
}


class AcknowledgementRules:
    """Whether a Task may acknowledge its claim, and may move to its new state."""

    name = "acknowledgements"
    types = frozenset({"Task"})

    def __init__(self, guide: Guide) -> None:
        self._kinds = guide.canonical("CodeSystem", "sesame-task-code")
        self._states = guide.canonical("CodeSystem", "sesame-claim-state")

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        before = change.before if self._acknowledges(change.before) else None
        task = change.after
        if before and not self._acknowledges(task):
            yield refusal(messages.ACK_KEPT(), "Task")
        if task is None or not self._acknowledges(task):
            return
        claim = target(task.get("focus"), "Claim")
        if claim is None or view.get("Claim", claim) is None:
            yield refusal(messages.ACK_CLAIM_NEEDED(), "Task.focus")
            return
        lock_references_to(view, "Claim", claim)
        for other in find_referring(view, "Task", "focus", f"Claim/{claim}"):
            if other["id"] != task["id"] and self._acknowledges(other):
                yield refusal(messages.ACK_ONCE(claim=claim, id=other["id"]), "Task.focus")
        was = target((before or {}).get("focus"), "Claim")
        if was and was != claim:
            yield refusal(messages.ACK_FOCUS_FIXED(claim=was), "Task.focus")
        yield from self._forward(before, task)

    def _acknowledges(self, task: Resource | None) -> bool:
        return has_code([(task or {}).get("code", {})], self._kinds, "acknowledge-claim")

    def _forward(self, before: Resource | None, after: Resource) -> Iterator[Issue]:
        said, says = self._state(before), self._state(after)
        if says is None:
            yield refusal(messages.ACK_STATE_NEEDED(known=", ".join(NEXT)), "Task.businessStatus")
            return
        if said is None or said == says:
            return
        allowed = NEXT.get(said, ())
        if says not in allowed:
            onward = ", ".join(allowed) or messages.NOWHERE()
            text = messages.ACK_BACKWARDS(before=said, after=says, allowed=onward)
            yield refusal(text, "Task.businessStatus")

    def _state(self, task: Resource | None) -> str | None:
        return next(codes((task or {}).get("businessStatus"), self._states), None)
