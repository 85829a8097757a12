"""Each shape is a search that the server understands, and finds something in the cohort."""

from collections.abc import Iterator
from contextlib import closing
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from benchmarks import cohort, cohort_stores, shapes
from benchmarks.shapes import SHAPES, Shape
from fhir_server import bootstrap
from fhir_server.bootstrap import Server
from fhir_server.core import json
from fhir_server.core.request import FhirRequest

PATIENTS = 8


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = bootstrap.build(cohort_stores.settings(tmp_path_factory.mktemp("shapes") / cohort_stores.FILE))
    written = cohort_stores.prepared(server.engines.current().extractor, range(PATIENTS))
    with closing(server.store) as store:
        store.transact(lambda unit: [unit.put(draft, entries, "PUT") for draft, entries in written])
        yield server


def answer(server: Server, search: str) -> Any:
    parts = urlsplit(search)
    request = FhirRequest(
        method="GET",
        path=tuple(parts.path.split("/")),
        query=tuple(parse_qsl(parts.query)),
        base_url="http://127.0.0.1/fhir",
    )
    return json.parse(server.dispatcher.dispatch(request).body or b"")


# This store was written at another time than a cohort is.
ELSEWHEN = {"last updated"}


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_a_shape_finds_something(server: Server, shape: Shape) -> None:
    found = [answer(server, search) for search in shapes.requests(shape, PATIENTS, PATIENTS)]

    assert {one["type"] for one in found} == {"searchset"}
    assert shape.name in ELSEWHEN or any(one.get("entry") or one.get("total") for one in found)


def test_shapes_are_told_apart_by_their_names() -> None:
    assert len({shape.name for shape in SHAPES}) == len(SHAPES) >= 20


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_searches_are_for_patients_all_over_the_cohort(shape: Shape) -> None:
    assert list(shapes.requests(shape, 1_000, 30)) == list(shapes.requests(shape, 1_000, 30))
    assert len(set(shapes.requests(shape, 1_000, 30))) >= 4


def test_every_patient_is_asked_for_before_one_is_again() -> None:
    asked = list(shapes.requests(SHAPES[0], 250, 250))

    assert len(set(asked)) == 250
    assert cohort.PER_PATIENT == 28
