"""After any order of records, corrections and withdrawals, everything due is billed exactly once."""

from collections import Counter
from random import Random
from typing import Any

import pytest

from tests.interactions.bundles import entry, transact
from tests.interactions.client import Client
from tests.mappings.pathway.conftest import Pathway
from tests.mappings.pathway.plans import UNTIL_ASSESSED, claims, number_of, plan, tell
from tests.mappings.pathway.referrals import only
from tests.mappings.pathway.test_claims import feed

Resource = dict[str, Any]
Write = tuple[str, Resource]
STATUSES = ("active", "completed", "revoked", "on-hold", "entered-in-error", "draft")
COUNTED = STATUSES[:4]
STARTS = ("2025-01-13", "2025-04-13", "2025-07-13", "2025-10-13", "2025-01-20")
ENDS = ("2025-04-12", "2025-07-12", "2025-10-12", "2026-01-12", "2025-03-30")
PRICES = {"c": "608.00", "l": "245.00"}


def drawn_plan(random: Random) -> Resource:
    """A sequence of some rank on some days, seldom the right ones."""
    at = random.randrange(5)
    track, rank = (
        ("leger", 1) if random.random() < 0.2 else ("classique", random.choice((1, 1, 2, 3, at % 4 + 1)))
    )
    return plan(rank, STARTS[at], ENDS[at], track=track, status=random.choice(STATUSES))


def drawn_write(random: Random, client: Client, plans: list[Resource]) -> Write:
    """Something that a nurse, an office or the billing may send next."""
    kind, cover, issued = random.random(), only(client, "Coverage"), claims(client)
    if kind < 0.1 and issued:
        return "PUT", random.choice(issued) | {"status": "cancelled"}
    if kind < 0.25:
        number = random.choice(("285057864699905", "285057864699999"))
        states = ("active", "active", "cancelled", "entered-in-error")
        return "PUT", cover | {"status": random.choice(states), "subscriberId": number}
    if kind < 0.7 and plans:
        changed = (
            {"status": random.choice(STATUSES)} if kind < 0.6 else {"period": drawn_plan(random)["period"]}
        )
        return "PUT", random.choice(plans) | changed
    return "POST", drawn_plan(random)


def send(client: Client, writes: list[Write]) -> bool:
    """Send all in one transaction, each resource once; whether they were accepted."""
    entries: dict[str, Resource] = {}
    for place, (method, resource) in enumerate(writes):
        url = resource["resourceType"] + (f"/{resource['id']}" if method == "PUT" else "")
        entries[url if method == "PUT" else str(place)] = entry(method, url, resource)
    answer = transact(client, *entries.values())
    assert answer.status in (200, 412, 422), answer.content
    return answer.status == 200


def sequence_number(one: Resource) -> str:
    """The number of a sequence, or of the sequence that a claim is for."""
    number = number_of(one)
    return number.rpartition("-")[0] if one["resourceType"] == "Claim" else number


def is_due(one: Resource, at: str) -> bool:
    return one["status"] in (("completed", "revoked") if at == "end" else ("active", "completed", "revoked"))


def assert_stands(client: Client, plans: list[Resource], at: str, by_billing: set[str]) -> None:
    """What has to be true of claims, sequences and feed at any time."""
    issued = claims(client)
    active = {sequence_number(claim): claim for claim in issued if claim["status"] == "active"}
    assert len(active) == sum(claim["status"] == "active" for claim in issued)
    last = {sequence_number(claim): claim["id"] for claim in issued}
    is_covered = only(client, "Coverage")["status"] == "active"
    counted = Counter(number_of(one) for one in plans if one["status"] in COUNTED)
    assert all(counted[number] == 1 for number in active)
    for one in plans:
        if is_covered and is_due(one, at):
            number = number_of(one)
            claim = active.get(number)
            assert claim is not None or last[number] in by_billing, number
            assert claim is None or claim["billablePeriod"] == one["period"]
            assert claim is None or bytes(claim["total"]["value"]).decode() == PRICES[number[-2]]
    events, following = feed(client, "Claim/$billing-feed?_count=100")
    assert len(set(events)) == len(events)
    told = Counter({number: 0 for number, _ in events})
    told.update({number: 1 for number, status in events if status == "active"})
    told.subtract({number: 1 for number, status in events if status == "cancelled"})
    assert {number for number, left in told.items() if left} == {number_of(one) for one in active.values()}
    assert feed(client, following)[0] == []


@pytest.mark.parametrize("store", ["memory"], indirect=True)
@pytest.mark.parametrize("at", ["start", "end"])
@pytest.mark.parametrize("seed", range(4))
def test_what_is_due_is_billed_once(pathway: Pathway, at: str, seed: int) -> None:
    random, client = Random(seed), pathway(claim_at=at)
    tell(client, *UNTIL_ASSESSED)
    by_billing: set[str] = set()
    for _ in range(25):
        plans = [entry["resource"] for entry in client.get("CarePlan?_count=100").entries]
        writes = [drawn_write(random, client, plans) for _ in range(random.choice((1, 1, 1, 2, 3)))]
        if send(client, writes):
            by_billing |= {one["id"] for _, one in writes if one["resourceType"] == "Claim"}
            plans = [entry["resource"] for entry in client.get("CarePlan?_count=100").entries]
            assert_stands(client, plans, at, by_billing)
