"""The page on the pathway lists the states of a referral that the server enforces."""

from pathlib import Path

from mappings.sesame.pathway.referral import STATUS_RULES

PAGE = Path(__file__).parents[2] / "docs" / "pathway.md"


def cell(codes: tuple[str, ...]) -> str:
    return ", ".join(f"`{code}`" for code in codes) or "–"


def test_every_state_is_documented_with_what_goes_with_it() -> None:
    text = PAGE.read_text(encoding="utf-8")
    for name, rule in STATUS_RULES.items():
        row = (
            f"`{name}`",
            cell(rule.next_statuses),
            cell(rule.business_statuses),
            f"`{rule.request_status}`",
        )
        assert f"| {' | '.join(row)} |" in text
