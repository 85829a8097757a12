"""Fills a store with patients before it is measured."""

from collections.abc import Sequence

from benchmarks import bundles, corpus
from benchmarks.bench import Bench
from benchmarks.corpus import Resource
from benchmarks.figures import Figure
from benchmarks.servers import Server
from benchmarks.workloads import InTurn

BUNDLE_ENTRIES = 250


def filled(server: Server, count: int) -> list[Resource]:
    """Write patients 0 to `count` with our own ids, and return them."""
    patients = [{**corpus.patient(number), "id": f"stock-{number}"} for number in range(count)]
    for first in range(0, count, BUNDLE_ENTRIES):
        entries = map(bundles.placement, patients[first : first + BUNDLE_ENTRIES])
        server.ask(bundles.transaction(entries))
    return patients


def asked_in_turn(bench: Bench, server: Server, requests: Sequence[bytes]) -> Figure:
    """The rate of requests sent in order; the floor returns a response of median length among the first."""
    answers = sorted((server.ask(request) for request in requests[:101]), key=lambda answer: len(answer.body))
    load = InTurn(requests, 200)
    return bench.against_floor(server, answers[len(answers) // 2], lambda _: load, lambda _: load)
