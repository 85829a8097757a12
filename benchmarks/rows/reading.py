"""Reads by id. https://hl7.org/fhir/R4/http.html#read"""

from benchmarks import wire
from benchmarks.bench import Bench, Row
from benchmarks.figures import Figure, Target
from benchmarks.rows import stored_patients


def read(bench: Bench) -> Figure:
    """All patients of the store in turn, against one of them from the floor."""
    with bench.product() as server:
        patients = stored_patients.filled(server, bench.effort.patients)
        requests = [wire.request("GET", f"/fhir/Patient/{patient['id']}") for patient in patients]
        return stored_patients.asked_in_turn(bench, server, requests)


ROWS = (Row("read", "read a Patient", Target(0.60), read),)
