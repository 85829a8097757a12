"""Searches. https://hl7.org/fhir/R4/search.html"""

from urllib.parse import quote

from benchmarks import corpus, wire
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Target
from benchmarks.rows import stock
from benchmarks.workloads import InTurn


def by_identifier(bench: Bench) -> Figure:
    """One match each time, another patient each time."""
    with bench.product() as server:
        count = len(stock.filled(server, bench.effort.patients))
        requests = [_search(number) for number in range(count)]
        answer = stock.typical(server, requests[:101])
        load = InTurn(requests, 200)
        return bench.against_floor(server, answer, lambda _: load, lambda _: load)


def _search(number: int) -> bytes:
    record = corpus.record_number(number)
    token = quote(f"{record['system']}|{record['value']}", safe="")
    return wire.request("GET", f"/fhir/Patient?identifier={token}")


ROWS = (Row("search", "search Patient by identifier", Target(0.40), by_identifier),)
