"""Which patients may be exported, by their decisions and dates."""

import pytest

from mappings.sesame.caseload.caseload import PatientFacts
from mappings.sesame.caseload.facts import Decision, Referral
from mappings.sesame.export.eligibility import exclusion_reason
from mappings.sesame.pathway.reading import PARIS
from tests.mappings.test_caseload import EPISODE, on

PERMIT, DENY = True, False


@pytest.mark.parametrize(
    ("decisions", "reason"),
    [
        ([], "not-informed"),
        ([("2025-01-14", PERMIT)], None),
        ([(None, PERMIT)], "not-informed"),
        ([(None, DENY)], "opposed"),
        ([("2025-01-14", PERMIT), (None, DENY)], "opposed"),
        ([("2025-01-14", DENY), (None, PERMIT)], "opposed"),
        ([("2025-01-14", DENY), ("2025-02-14", PERMIT), ("2025-03-14", DENY)], "opposed"),
        ([("2025-01-14", PERMIT), ("2025-02-14", DENY), ("2025-03-14", PERMIT)], None),
        ([("2025-01", DENY), ("2025-01-31", PERMIT)], "opposed"),
        ([("2025-01", DENY), ("2025-02-01", PERMIT)], None),
    ],
)
def test_an_opposition_wins_unless_a_permission_came_later(
    decisions: list[tuple[str | None, bool]], reason: str | None
) -> None:
    decided = [Decision(frozenset({"evaluation"}), moment, permit) for moment, permit in decisions]
    facts = PatientFacts(episodes={"e": EPISODE})
    assert exclusion_reason(facts, decided, "evaluation", PARIS) == reason
    assert exclusion_reason(facts, decided, "research", PARIS) == "not-informed"


def test_who_was_referred_is_in_the_programme() -> None:
    referred = PatientFacts(referrals={"t": Referral("t", "r", "rejected", on(0), None, None)})
    assert exclusion_reason(referred, [], "evaluation", PARIS) == "not-informed"
    assert exclusion_reason(PatientFacts(), [], "evaluation", PARIS) == "no-pathway"
