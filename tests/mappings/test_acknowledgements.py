"""The allowed transitions of acknowledgements are those of the page on billing."""

import re
from pathlib import Path
from typing import Any

import pytest

from fhir_server.extension import Change
from mappings.sesame.rules.acknowledgements import AcknowledgementRules
from tests.mappings.validity import GUIDE

PAGE = Path(__file__).parents[2] / "docs" / "billing.md"
ROWS = re.findall(r"^\| `(\w+)` \| (.*) \|$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
STATES = ("received", "transmitted", "accepted", "rejected", "paid")
TOLD = {state: set(re.findall(r"`(\w+)`", onward)) for state, onward in ROWS if state in STATES}


class OneClaim:
    """A view in which a claim has one Task."""

    def get(self, type: str, id: str) -> dict[str, Any]:
        return {"resourceType": type, "id": id}

    def find(self, _: object) -> tuple[dict[str, Any], ...]:
        return (task("received"),)

    def lock(self, key: str) -> None: ...

    def claim_unique(self, key: str, owner: str) -> None: ...


def task(state: str) -> dict[str, Any]:
    return {
        "resourceType": "Task",
        "id": "1",
        "code": GUIDE.concept("sesame-task-code", "acknowledge-claim"),
        "focus": {"reference": "Claim/1"},
        "businessStatus": GUIDE.concept("sesame-claim-state", state),
    }


@pytest.mark.parametrize("before", STATES)
def test_a_state_is_followed_by_those_of_the_page(before: str) -> None:
    rules = AcknowledgementRules(GUIDE)
    followed = {
        after
        for after in STATES
        if not list(rules.check(Change("Task", "1", task(before), task(after)), OneClaim()))
    }
    assert followed == TOLD[before] | {before}
