"""The other commands, and the reports of failures."""

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

ROOT = Path(__file__).parents[2]
PATIENT = {"resourceType": "Patient", "id": "p1", "birthDate": "1980-05-12"}


@pytest.fixture
def loaded(run: Run, tmp_path: Path) -> Run:
    """A folder whose store holds one patient."""
    (tmp_path / "p1.json").write_text(json.dumps(PATIENT))
    assert run("load", "p1.json").status == 0
    return run


def test_help_lists_the_commands(run: Run) -> None:
    result = run("--help")
    assert result.status == 0
    for name in ("serve", "load", "demo", "validate", "reindex", "doctor", "backup", "restore"):
        assert f"  {name} " in result.out


def test_the_version_is_shown(run: Run) -> None:
    result = run("--version")
    assert result.status == 0
    assert result.out.strip()[0].isdigit()


def test_reindex_counts_what_it_did(loaded: Run) -> None:
    result = loaded("reindex", "--all")
    assert result.status == 0
    assert result.out.startswith("1 resources indexed")
    assert loaded("reindex").out.startswith("Every index is complete")


def test_doctor_finds_a_sound_store(loaded: Run) -> None:
    result = loaded("doctor", page_count_default="7")
    assert result.status == 0
    assert "Patient 1" in result.out
    assert "FHIR_SERVER_PAGE_COUNT_DEFAULT=7" in result.out
    assert result.out.endswith("sound\n")


def test_doctor_finds_an_index_that_disagrees(loaded: Run, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "data" / "fhir.sqlite") as store:
        store.execute("DELETE FROM date")
    store.close()
    result = loaded("doctor")
    assert result.status == 1
    assert "problem" in result.out


@pytest.mark.parametrize("command", [("reindex",), ("doctor",), ("backup", "copy.sqlite")])
def test_a_store_that_is_not_there_is_not_made(run: Run, tmp_path: Path, command: tuple[str, ...]) -> None:
    result = run(*command)
    assert result.status == 1
    assert "there is no store at data/fhir.sqlite" in result.err
    assert not (tmp_path / "data").exists()


def test_backup_and_restore(loaded: Run) -> None:
    assert loaded("backup", "copy.sqlite").status == 0
    assert "exists already" in loaded("backup", "copy.sqlite").err
    assert "exists already" in loaded("restore", "copy.sqlite").err
    restored = loaded("restore", "copy.sqlite", "--store", "sqlite:///new/place.sqlite")
    assert restored.status == 0
    doctor = loaded("doctor", "--store", "sqlite:///new/place.sqlite")
    assert doctor.status == 0
    assert "Patient 1" in doctor.out
    assert _epoch(doctor.out) != _epoch(loaded("doctor").out)


def test_a_store_that_was_restored_by_other_means_gets_a_new_epoch(loaded: Run) -> None:
    before, restored = _epoch(loaded("doctor").out), loaded("doctor", "--restored")
    assert restored.status == 0
    assert before != _epoch(restored.out) == _epoch(loaded("doctor").out)


def _epoch(doctor: str) -> str:
    return doctor.partition("epoch ")[2].partition(",")[0]


def test_what_is_no_backup_is_not_restored(run: Run, tmp_path: Path) -> None:
    sqlite3.connect(tmp_path / "other.sqlite").close()
    result = run("restore", "other.sqlite")
    assert result.status == 1
    assert result.err.startswith("fhir-server: ")
    assert result.err.count("\n") == 1
    assert not (tmp_path / "data" / "fhir.sqlite").exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "said"),
    [
        (("serve", "--host", "0.0.0.0"), {}, "no access control is configured"),
        (("serve", "--host", "192.0.2.1"), {}, "FHIR_SERVER_ALLOW_OPEN_ACCESS=true"),
        (("serve", "--host", "a" * 300), {"allow_open_access": "true"}, "no host name"),
        (("serve", "--store", "memory:", "--workers", "2"), {}, "cannot be shared"),
        (("serve", "--port", "99999"), {}, "--port is '99999': expected"),
        (("serve",), {"prot": "1"}, "did you mean FHIR_SERVER_PORT?"),
        (("serve", "--port", "0", "--store", "postgres:x"), {}, "FHIR_SERVER_STORE (--store): Unknown store"),
        (("doctor",), {"store": "sqlite:///"}, "there is no store"),
        (("doctor",), {"store": "memory:"}, "has no file"),
        (("load", __file__), {"programmes": "no.such.programme"}, "FHIR_SERVER_PROGRAMMES names"),
        (("load", __file__), {"programmes": "json"}, "FHIR_SERVER_PROGRAMMES names"),
    ],
)
def test_failures_are_one_line(
    run: Run, arguments: tuple[str, ...], settings: dict[str, str], said: str
) -> None:
    result = run(*arguments, **settings)
    assert result.status == 1
    assert said in result.err
    assert result.err.startswith("fhir-server: ")
    assert result.err.count("\n") == 1


def test_a_file_that_is_no_store_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("not a database, but long enough to look at " * 100)
    result = run("doctor", "--store", "sqlite:///notes.txt")
    assert result.status == 1
    assert result.err.count("\n") == 1
    assert "is no SQLite database" in result.err
