"""The proof on a part of the forecast cohort, and that it detects differences."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from benchmarks.proof import __main__ as command
from benchmarks.proof import comparison
from benchmarks.proof.acknowledgements import acknowledgements
from benchmarks.proof.consumer import FEED, PAGE_SIZES, Consumer
from benchmarks.proof.duplicate_posts import send_twice
from benchmarks.proof.ledger import Event, Ledger
from benchmarks.proof.measure_reports import measured_cells
from benchmarks.proof.run import WINDOW, Proof
from fhir_server import bootstrap
from fhir_server.bootstrap import Server
from fhir_server.cli.bundle_sender import in_process_sender, send_groups
from fhir_server.cli.provision import adopt_search_parameters, load_guides
from fhir_server.core import json
from fhir_server.core.request import FhirRequest
from fhir_server.settings import Settings
from mappings.sesame.cohort.forecast import forecast_cohort
from mappings.sesame.cohort.forecast_table import read_forecast
from mappings.sesame.guide import read_guide

BASE = "http://127.0.0.1:8080/fhir"
GUIDE = read_guide()
PART = 0.04
PULLED_EVERY = 10


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """The server of this process, under the forecast's window."""
    options = tmp_path / "options.json"
    options.write_bytes(json.serialise(WINDOW))
    given = {"store": f"sqlite:///{tmp_path / 'fhir.sqlite'}", "programme_options": str(options)}
    built = bootstrap.build(Settings.load({}, given))
    adopt_search_parameters(built)
    load_guides(built)
    yield built
    built.store.close()


def getter(server: Server) -> Any:
    def get(url: str) -> Any:
        parts = urlsplit(url)
        path = tuple(parts.path.removeprefix("/fhir/").split("/"))
        request = FhirRequest("GET", path, base_url=BASE, query=tuple(parse_qsl(parts.query)))
        return json.parse(server.dispatcher.dispatch(request).body or b"")

    return get


class MortalConsumer:
    """Pulls a page at a time; now and then it dies in the middle of what it stores, and begins anew."""

    def __init__(self, server: Server, path: Path, random: Random) -> None:
        self.deaths = 0
        self._get = getter(server)
        self._path = path
        self._random = random
        self._begin()

    def _begin(self) -> None:
        self._consumer = Consumer(self._get, Ledger(self._path), BASE, self._random, GUIDE)

    def pull(self) -> int:
        before = self._path.stat().st_size
        count = self._consumer.pull()
        if self._random.randrange(4) == 0:
            kept = self._random.randint(before, self._path.stat().st_size)
            with self._path.open("r+b") as file:
                file.truncate(kept)
            self.deaths += 1
            self._begin()
            return 1
        return count


def fed(get: Any, size: int) -> Iterator[str]:
    """The claims, by their ids, that the feed tells from its beginning on pages of a size."""
    page = get(f"{BASE}/{FEED}?_count={size}")
    while "entry" in page:
        yield from (entry["resource"]["id"] for entry in page["entry"] if entry["search"]["mode"] == "match")
        page = get(next(link["url"] for link in page["link"] if link["relation"] == "next"))


def test_a_part_of_the_forecast_holds(server: Server, tmp_path: Path) -> None:
    consumer = MortalConsumer(server, tmp_path / "ledger.ndjson", Random(1))
    groups = forecast_cohort(scale=PART)
    with ThreadPoolExecutor(8) as others:
        post = send_twice(in_process_sender(server), others)

        def watched() -> Iterator[Any]:
            for place, group in enumerate(groups):
                if place % PULLED_EVERY == 0:
                    consumer.pull()
                yield group

        send_groups(watched(), post, clients=8)
        while consumer.pull():
            pass
        pulled = Ledger(tmp_path / "ledger.ndjson")
        events = list(pulled.distinct().values())
        send_groups(acknowledgements(GUIDE, events), post)
    cells = comparison.cells(read_forecast(PART), events)
    assert [cell for cell in cells if not cell.holds] == []
    assert len(events) == sum(column.leger + column.sequences for column in read_forecast(PART)) == 182
    assert consumer.deaths > 0
    assert len(pulled.events) > len(events)
    get = getter(server)
    for size in PAGE_SIZES:
        assert sorted(fed(get, size)) == sorted(event.id for event in events)
    assert [cell for cell in measured_cells(get, BASE, read_forecast(PART)) if not cell.holds] == []
    for search in ("Claim", "CarePlan", "Task?code=acknowledge-claim"):
        joined = "&" if "?" in search else "?"
        assert get(f"{BASE}/{search}{joined}_summary=count")["total"] == len(events)


# what would be told


EVENT = Event("00001-1-0", "c1", "active", "00001-1", 1, "classique", date(2023, 9, 1), 60_800)
COLUMN = replace(read_forecast()[0], leger=0, classique=1, sequences=1, euros=608)


def differing(*events: Event) -> set[str]:
    return {cell.name.partition(" ")[2] for cell in comparison.cells([COLUMN], events) if not cell.holds}


def test_a_claim_as_forecast_is_no_difference() -> None:
    assert differing(EVENT) == set()


@pytest.mark.parametrize(
    ("events", "told"),
    [
        ((), "to 2023-12 FISS EUR"),
        ((replace(EVENT, cents=60_801),), "to 2023-12 FISS EUR"),
        ((replace(EVENT, forfait="leger"),), "to 2023-12 léger"),
        ((replace(EVENT, rank=2),), "to 2023-12 classique patients"),
        ((replace(EVENT, start=date(2024, 1, 1)),), "outside the periods"),
        ((EVENT, replace(EVENT, number="00001-1-1", id="c2")), "with a second claim"),
        ((EVENT, replace(EVENT, status="cancelled")), "cancelled"),
    ],
)
def test_each_difference_is_told(events: tuple[Event, ...], told: str) -> None:
    assert any(told in f"{name}" for name in differing(*events))


def test_what_was_cut_off_comes_again(tmp_path: Path) -> None:
    path = tmp_path / "ledger"
    Ledger(path).add([EVENT], "next-1")
    whole = path.read_bytes()
    Ledger(path).add([replace(EVENT, number="2")], "next-2")
    path.write_bytes(path.read_bytes()[: len(whole) + 10])
    again = Ledger(path)
    assert again.cursors == ["next-1"]
    assert again.events == [EVENT]
    again.add([replace(EVENT, number="2")], "next-2")
    assert [event.number for event in Ledger(path).events] == ["00001-1-0", "2"]


def test_an_event_that_is_told_in_two_ways_is_a_fault(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger")
    ledger.add([EVENT, EVENT], "next")
    assert list(ledger.distinct().values()) == [EVENT]
    ledger.add([replace(EVENT, cents=1)], "next")
    with pytest.raises(ValueError, match="in two ways"):
        ledger.distinct()


def test_the_verdict_stands_below_the_table() -> None:
    cells = tuple(comparison.cells([COLUMN], [EVENT]))
    assert command.text(Proof(cells, 20, 2.0, 3, 1)).endswith("The forecast holds, to the euro.")
    wrong = tuple(comparison.cells([COLUMN], []))
    told = command.text(Proof(wrong, 20, 2.0, 3, 1))
    assert "DIFFERS" in told
    assert told.endswith("The forecast does NOT hold.")
