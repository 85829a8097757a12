"""A billing system that pulls the feed into its ledger, in a process that may be killed at any time.

`python -m benchmarks.proof.consumer BASE LEDGER SEED [--drain]`: with --drain it ends when nothing is new.
"""

import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

import httpx

from benchmarks.proof.ledger import Event, Ledger
from fhir_server.core import json
from mappings.sesame.guide import Guide, read_guide
from mappings.sesame.pathway.reading import codes, day, identifier_value

Resource = dict[str, Any]
Get = Callable[[str], Resource]
"""Returns the JSON of a URL."""

FEED = "Claim/$billing-feed"
PAGE_SIZES = (1, 7, 50, 200, 500)
STEP_BACK_EVERY = 5
IDLE_SECONDS = 0.05
TIMEOUT_SECONDS = 60.0


class Consumer:
    """Continues from the last cursor in the ledger; sometimes, when it starts, from an older one."""

    def __init__(self, get: Get, ledger: Ledger, base: str, random: Random, guide: Guide) -> None:
        self._get = get
        self._ledger = ledger
        self._guide = guide
        cursors = ledger.cursors
        back = bool(cursors) and random.randrange(STEP_BACK_EVERY) == 0
        first = f"{base}/{FEED}?_count={random.choice(PAGE_SIZES)}"
        self._url = random.choice([first, *cursors]) if back else (cursors or [first])[-1]

    def pull(self) -> int:
        """Store the next page; returns its number of events."""
        page = self._get(self._url)
        entries = page.get("entry", ())
        events = [self._event(one["resource"]) for one in entries if one["search"]["mode"] == "match"]
        following = next(link["url"] for link in page["link"] if link["relation"] == "next")
        self._ledger.add(events, following)
        self._url = following
        return len(events)

    def _event(self, claim: Resource) -> Event:
        (item,) = claim["item"]
        information = dict(self._information(claim))
        forfait = next(codes(item["productOrService"], self._guide.canonical("CodeSystem", "sesame-forfait")))
        start = day(claim["billablePeriod"]["start"])
        assert start is not None
        return Event(
            number=identifier_value(claim, self._guide.naming_system("claim")) or "",
            id=claim["id"],
            status=claim["status"],
            sequence=information["care-plan"]["valueReference"]["identifier"]["value"],
            rank=information["sequence-rank"]["valueQuantity"]["value"],
            forfait=forfait,
            start=start,
            cents=_cents(claim["total"]),
        )

    def _information(self, claim: Resource) -> Any:
        kinds = self._guide.canonical("CodeSystem", "sesame-claim-information")
        return ((next(codes(one["category"], kinds)), one) for one in claim["supportingInfo"])


def _cents(total: Resource) -> int:
    """The exact amount in cents; half a cent or another currency is an error."""
    assert total["currency"] == "EUR"
    cents = Decimal(json.serialise(total["value"]).decode()) * 100
    assert cents == int(cents)
    return int(cents)


def main(base: str, ledger: str, seed: str, *options: str) -> None:
    """Pull until it is killed or, with --drain, until nothing is new."""
    with httpx.Client(timeout=TIMEOUT_SECONDS) as client:

        def get(url: str) -> Resource:
            found: Resource = json.parse(client.get(url).raise_for_status().content)
            return found

        consumer = Consumer(get, Ledger(Path(ledger)), base, Random(seed), read_guide())
        while consumer.pull() or "--drain" not in options:
            time.sleep(IDLE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
