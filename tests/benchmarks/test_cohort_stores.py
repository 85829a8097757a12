"""Stores of several sizes, each of which extends the previous one."""

from contextlib import closing
from pathlib import Path

import pytest

from benchmarks import cohort, cohort_stores
from fhir_server import bootstrap

pytestmark = pytest.mark.e2e


def test_a_store_grows_from_size_to_size(tmp_path: Path) -> None:
    counts = {}
    for size, folder in cohort_stores.stores(tmp_path, (3, 1)):
        server = bootstrap.build(cohort_stores.settings(folder / cohort_stores.FILE))
        with closing(server.store) as store:
            counts[size] = store.count()
            last = store.read("Patient", cohort.patient_id(size - 1))
            assert store.is_index_current()
            assert store.check() == []
        assert last is not None
        assert last.last_updated == cohort.written(size - 1)

    assert counts == {
        size: {
            "Patient": size,
            "Encounter": 3 * size,
            "CarePlan": size,
            "QuestionnaireResponse": 3 * size,
            "Observation": 20 * size,
        }
        for size in (1, 3)
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["1", "3"]
