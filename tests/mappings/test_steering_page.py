"""The page on steering lists every part, reason, threshold, measure and default."""

from pathlib import Path

from mappings.sesame.caseload.agenda import GRAVITY
from mappings.sesame.measures.indicators import INDICATORS
from mappings.sesame.operations.case_review_list import THRESHOLDS
from mappings.sesame.operations.list_rows import PARTS
from mappings.sesame.policy import Policy

TEXT = (Path(__file__).parents[2] / "docs" / "steering.md").read_text(encoding="utf-8")


def test_the_page_tells_every_part_reason_threshold_and_measure() -> None:
    parts = [name for name, _ in PARTS.values()]
    for name in (*parts, *GRAVITY, *THRESHOLDS, *INDICATORS):
        assert f"`{name}`" in TEXT, name


def test_the_page_tells_the_defaults_of_the_switches() -> None:
    policy = Policy()
    assert f"after {policy.not_improved_days} days in care, a baseline of {policy.elevated_score}" in TEXT
    assert f"recommendation for {policy.review_days} days" in TEXT
    assert f"no contact with the patient for {policy.contact_days} days" in TEXT
