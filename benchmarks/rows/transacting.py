"""Transactions. https://hl7.org/fhir/R4/http.html#transaction"""

from benchmarks import bundles, corpus
from benchmarks.bench import Bench, Load, Row
from benchmarks.figures import Figure, Target
from benchmarks.rows import stored_patients
from benchmarks.workloads import InTurn

# More than a round can send, so that no round creates an existing patient.
EPISODES_PER_ROUND = 1_000
ENTRIES = 20


def twenty(bench: Bench) -> Figure:
    """The same resources, in Bundles of twenty and one by one."""
    with bench.product() as server:
        first = len(stored_patients.filled(server, bench.effort.patients))

        def episodes(share: int) -> list[dict[str, corpus.Resource]]:
            start = first + share * EPISODES_PER_ROUND
            return [corpus.episode(number) for number in range(start, start + EPISODES_PER_ROUND)]

        def together(round_number: int) -> InTurn:
            bodies = [
                bundles.transaction(bundles.creation(*named) for named in episode.items())
                for episode in episodes(2 * round_number)
            ]
            return InTurn(bodies, 200, weight=ENTRIES)

        def singly(round_number: int) -> InTurn:
            bodies = [body for episode in episodes(2 * round_number + 1) for body in bundles.creates(episode)]
            return InTurn(bodies, 201)

        return bench.compare(
            Load("transactions", "resources/s", server, together),
            Load("single creates", "resources/s", server, singly),
        )


ROWS = (Row("transaction", "transactions of 20 resources against single creates", Target(1.7), twenty),)
