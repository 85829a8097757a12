"""The patients that a store holds before it is measured."""

from collections.abc import Sequence

from benchmarks import bundles, corpus
from benchmarks.corpus import Resource
from benchmarks.servers import Server
from benchmarks.wire import Response

BUNDLE_ENTRIES = 250


def filled(server: Server, count: int) -> list[Resource]:
    """Put patients 0 to `count` into the store, under ids of our own; what was put."""
    patients = [{**corpus.patient(number), "id": f"stock-{number}"} for number in range(count)]
    for first in range(0, count, BUNDLE_ENTRIES):
        entries = map(bundles.placement, patients[first : first + BUNDLE_ENTRIES])
        server.ask(bundles.transaction(entries))
    return patients


def typical(server: Server, requests: Sequence[bytes]) -> Response:
    """The answer of median length among those to `requests`."""
    answers = sorted((server.ask(request) for request in requests), key=lambda answer: len(answer.body))
    return answers[len(answers) // 2]
