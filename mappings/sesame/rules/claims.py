"""Only the server writes claims; a client may cancel one, and nobody may delete one.

Source: the project's billing design; a sequence cannot have two independent claims.
"""

from collections.abc import Iterable, Iterator

from fhir_server.extension import Change, Resource, View
from fhir_server.issues import Issue
from mappings.sesame.billing.billing import Billing
from mappings.sesame.billing.comparison import bills_the_same
from mappings.sesame.pathway.locks import lock_references_to
from mappings.sesame.pathway.reading import codes, find_all_by_identifier, has_code, identifier_value
from mappings.sesame.pathway.sequence import Sequence, sequence_of, sequences_of
from mappings.sesame.resources.claim import FORFAIT
from mappings.sesame.rules import messages
from mappings.sesame.rules.issues import refusal

CORRECTION_DIGITS_MAX = 9
"""Far more corrections than any sequence has; Python refuses to parse numbers of thousands of digits."""

NEXT = {"active": ("active", "cancelled"), "cancelled": ("cancelled",)}
"""The statuses to which a client may change a claim, by its present status."""


class ClaimRules:
    """Whether a Claim of the programme is the one that its sequence gives rise to."""

    name = "claims"
    types = frozenset({"Claim", "CarePlan"})

    def __init__(self, billing: Billing) -> None:
        self._billing = billing
        guide = billing.guide
        self._kinds = guide.canonical("CodeSystem", "sesame-claim-subtype")
        self._information = guide.canonical("CodeSystem", "sesame-claim-information")
        self._forfaits = guide.canonical("CodeSystem", "sesame-forfait")
        self._numbers = guide.naming_system("care-plan")
        self._claim_numbers = guide.naming_system("claim")
        self._profile = guide.profile("sesame-claim")

    def check(self, change: Change, view: View) -> Iterable[Issue]:
        if change.type == "CarePlan":
            yield from self._kept_plan(change, view)
        elif change.after is None:
            if change.before and self._is_ours(change.before):
                yield refusal(messages.CLAIM_KEPT(), "Claim")
        elif change.before and self._is_ours(change.before):
            yield from self._update(change.before, change.after)
        elif self._is_ours(change.after):
            yield from self._creation(change.after, view)

    def _is_ours(self, claim: Resource) -> bool:
        """Whether a claim has any mark of the programme: subtype, forfait, number or profile."""
        lines = [line.get("productOrService", {}) for line in claim.get("item", ())]
        return (
            has_code([claim.get("subType", {})], self._kinds, FORFAIT)
            or any(any(codes(line, self._forfaits)) for line in lines)
            or identifier_value(claim, self._claim_numbers) is not None
            or any(str(one).startswith(self._profile) for one in claim.get("meta", {}).get("profile", ()))
        )

    def _kept_plan(self, change: Change, view: View) -> Iterator[Issue]:
        """A billed sequence must not be deleted."""
        sequence = sequence_of(self._billing.guide, change.before) if change.after is None else None
        claims = self._billing.issued(sequence, view) if sequence else []
        if claims:
            yield refusal(messages.SEQUENCE_KEPT(id=claims[-1]["id"]), "CarePlan")

    def _update(self, before: Resource, after: Resource) -> Iterator[Issue]:
        moved = after.get("status") in NEXT.get(before.get("status", ""), ())
        same_number = after.get("identifier") == before.get("identifier")
        same_links = after.get("related") == before.get("related")
        marked = self._billing.is_withdrawn(after) or not self._billing.is_withdrawn(before)
        if not (moved and same_number and same_links and marked and bills_the_same(before, after)):
            yield refusal(messages.CLAIM_FIXED(), "Claim")

    def _creation(self, claim: Resource, view: View) -> Iterator[Issue]:
        sequence = self._sequence(claim, view)
        number = identifier_value(claim, self._claim_numbers) or "?"
        if sequence is None:
            yield refusal(messages.CLAIM_BY_SERVER(number=number), "Claim")
            return
        correction = number.removeprefix(f"{sequence.number}-")
        counted = correction.isdecimal() and len(correction) <= CORRECTION_DIGITS_MAX
        wanted = self._billing.claim(sequence, view, int(correction)) if counted else []
        if isinstance(wanted, list):
            reason = wanted[0] if wanted else messages.CLAIM_BY_SERVER(number=number)
            yield refusal(messages.CLAIM_OF_NOTHING(reason=reason), "Claim")
        elif (
            claim["id"] != wanted["id"]
            or number != identifier_value(wanted, self._claim_numbers)
            or not bills_the_same(claim, wanted)
            or not self._stands_alone(claim, sequence, view)
        ):
            yield refusal(messages.CLAIM_BY_SERVER(number=number), "Claim")

    def _stands_alone(self, claim: Resource, sequence: Sequence, view: View) -> bool:
        """Whether it is the sequence's next claim, and the only active one."""
        lock_references_to(view, "CarePlan", sequence.id)
        issued = self._billing.issued(sequence, view)
        active = [one for one in issued if one.get("status") == "active"]
        return len(active) <= 1 and any(one["id"] == claim["id"] for one in issued)

    def _sequence(self, claim: Resource, view: View) -> Sequence | None:
        """The sequence whose number the claim states."""
        for information in claim.get("supportingInfo", ()):
            if has_code([information.get("category", {})], self._information, "care-plan"):
                number = information.get("valueReference", {}).get("identifier", {})
                if number.get("system") == self._numbers and number.get("value"):
                    return self._numbered(number["value"], view)
        return None

    def _numbered(self, number: str, view: View) -> Sequence | None:
        """The sequence with a number; if it was recorded anew after an error, the one that counts."""
        plans = find_all_by_identifier(view, "CarePlan", self._numbers, number)
        counting = sequences_of(self._billing.guide, plans)
        return next(iter(counting), None) or sequence_of(self._billing.guide, next(iter(plans), None))
