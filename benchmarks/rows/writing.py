"""Single writes: validated, indexed, durable before the answer. https://hl7.org/fhir/R4/http.html#create"""

from benchmarks import bundles, corpus, wire
from benchmarks.bench import Bench, Row
from benchmarks.client import CONNECTIONS
from benchmarks.figures import Figure, Target
from benchmarks.rows import stored_patients
from benchmarks.workloads import InTurn, Updates

# More than a round can send, so that no round creates an existing patient.
CREATED_PER_ROUND = 10_000
REVISIONS = 50


def create(bench: Bench) -> Figure:
    """Creates of patients with unique identifiers."""
    with bench.product() as server:
        stocked = len(stored_patients.filled(server, bench.effort.patients))

        def creations(round_number: int) -> InTurn:
            first = stocked + 1 + round_number * CREATED_PER_ROUND
            numbers = range(first, first + CREATED_PER_ROUND)
            return InTurn([bundles.create(corpus.patient(number)) for number in numbers], 201)

        sample = bundles.create(corpus.patient(stocked))
        answer = server.ask(sample)
        return bench.against_floor(server, answer, creations, lambda _: InTurn([sample], answer.status))


def update(bench: Bench) -> Figure:
    """Updates with If-Match: each connection corrects its own patient."""
    with bench.product() as server:
        patients = stored_patients.filled(server, bench.effort.patients)[:CONNECTIONS]
        revisions = [[corpus.revised(each, number) for number in range(REVISIONS)] for each in patients]
        body = corpus.serialised(revisions[0][0])
        answer = server.ask(wire.request("PUT", f"/fhir/Patient/{patients[0]['id']}", body))
        posted = InTurn([wire.request("POST", "/fhir/Patient", body)], answer.status)
        return bench.against_floor(server, answer, lambda _: Updates(revisions), lambda _: posted)


ROWS = (
    Row("create", "create a Patient", Target(0.20), create),
    Row("update", "update a Patient with If-Match", Target(0.15), update),
)
