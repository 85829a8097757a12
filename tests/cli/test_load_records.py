"""load --format: native records from CSV and NDJSON, one by one; each bad line with its reason."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]
HEADER = "identifiant,nom,prenom,sexe,date_naissance\n"


def patient(id: str, **members: Any) -> dict[str, Any]:
    traits = {"nom": "FICTIF", "prenom": "Lou", "sexe": "autre", "date_naissance": "1980-01-01"}
    return {"identifiant": id, **traits, **members}


def line(id: str, sex: str = "autre") -> str:
    return f"{id},FICTIF,Lou,{sex},1980-01-01\n"


def test_csv_is_loaded_by_the_name_of_the_file(run: Run, tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text(HEADER + line("1") + line("2"))
    result = run("load", "--format", "sesame", "patient.csv")
    assert result.status == 0, result.err
    assert result.out.startswith("2 records loaded (2 new), 0 refused")
    again = run("load", "--format", "sesame", "patient.csv")
    assert again.out.startswith("2 records loaded (0 new), 0 refused")


def test_a_bad_line_is_told_and_stops_nobody(run: Run, tmp_path: Path) -> None:
    (tmp_path / "patient.csv").write_text(HEADER + line("1", "x") + line("2") + "3,a,b,c,d,e\n" + line("4"))
    result = run("load", "--format", "sesame", "patient.csv")
    assert result.status == 1
    assert "patient.csv:2: /sexe: /sexe must be one of" in result.err
    assert "patient.csv:4: The line has more cells" in result.err
    assert result.out.startswith("2 records loaded (2 new), 2 refused")


def test_ndjson_of_a_record_that_is_named(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps(patient("1")), "", "{", json.dumps(patient("1", nom="AUTRE"))]
    (tmp_path / "export.ndjson").write_text("\n".join(lines))
    result = run("load", "--format", "sesame", "--record", "patient", "export.ndjson")
    assert result.status == 1
    assert "export.ndjson:3: " in result.err
    assert result.out.startswith("2 records loaded (1 new), 1 refused")


def test_a_record_changed_twice_in_one_file_is_as_it_was_said_last(run: Run, tmp_path: Path) -> None:
    lines = [json.dumps(patient("1", nom=f"N{number}")) for number in range(5)]
    (tmp_path / "patient.ndjson").write_text("\n".join(lines[:1]))
    run("load", "--format", "sesame", "patient.ndjson")
    (tmp_path / "patient.ndjson").write_text("\n".join(lines))
    result = run("load", "--format", "sesame", "patient.ndjson")
    assert result.status == 0, result.err
    assert result.out.startswith("5 records loaded (0 new), 0 refused")
    again = run("load", "--format", "sesame", "patient.ndjson")
    assert again.status == 0


def test_misuse_is_told_in_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_text(HEADER)
    (tmp_path / "patient.txt").write_text(HEADER)
    (tmp_path / "patient.csv").write_text("nom,nothing\n")
    assert "Known: fhir, sesame" in run("load", "--format", "other", "export.csv").err
    assert "Say --record" in run("load", "--format", "sesame", "export.csv").err
    assert "expected .csv or .ndjson" in run("load", "--format", "sesame", "patient.txt").err
    assert "no such file" in run("load", "--format", "sesame", "nothing.csv").err
    assert "--atomic" in run("load", "--format", "sesame", "--atomic", "patient.csv").err
    assert "'nothing' is no field" in run("load", "--format", "sesame", "patient.csv").err
