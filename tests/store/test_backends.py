"""Stores by their URI."""

from pathlib import Path

import pytest

from fhir_server.errors import NotSupported
from fhir_server.store.backends import BACKENDS, open_store
from tests.store.samples import person, put


def test_the_reference_backend_comes_first() -> None:
    assert next(iter(BACKENDS)) == "memory"


def test_sqlite_takes_relative_and_absolute_paths(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store("sqlite:///data/fhir.sqlite")
    put(store, person("a"))
    store.close()
    again = open_store(f"sqlite:///{tmp_path / 'data' / 'fhir.sqlite'}")
    assert again.count() == {"Patient": 1}
    again.close()


def test_memory_has_no_path_and_no_backup(tmp_path: Path) -> None:
    store = open_store("memory:")
    assert not store.capabilities.shared
    with pytest.raises(NotSupported, match="has no backup"):
        store.backup(tmp_path / "copy")
    with pytest.raises(ValueError, match="write memory:"):
        open_store("memory:///somewhere")


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        ("", "must begin with one of memory:, sqlite:, mongodb:"),
        ("postgres://x/y", "must begin with one of memory:, sqlite:, mongodb:"),
        ("data/fhir.sqlite", "must begin with one of memory:, sqlite:, mongodb:"),
        ("sqlite:fhir.sqlite", "sqlite:///relative/path.db"),
        ("sqlite://fhir.sqlite", "sqlite:///relative/path.db"),
        ("sqlite:///", "sqlite:///relative/path.db"),
    ],
)
def test_a_bad_uri_says_what_is_expected(uri: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        open_store(uri)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is a folder"):
        open_store(f"sqlite:///{tmp_path}")
