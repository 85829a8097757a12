"""load: every kind of file, each failure with its place, all or nothing when asked."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

Run = Callable[..., Any]

NEEDED = "a JSON object with a resourceType is needed.\n"


def patient(id: str | None = None, **members: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **({"id": id} if id else {}), **members}


def bundle(type: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": type, "entry": list(entries)}


def write(path: Path, *contents: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(content) for content in contents))


def counts(run: Run) -> dict[str, int]:
    """Resources per type, as the doctor counts them."""
    lines = [line.split() for line in run("doctor").out.splitlines() if line.startswith("      ")]
    return {name: int(count) for name, count in lines}


def test_resources_with_and_without_an_id(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "one.json", patient("p1"))
    write(tmp_path / "more.ndjson", patient("p2"), patient(), patient())
    result = run("load", "one.json", "more.ndjson")
    assert result.status == 0
    assert result.out.startswith("4 loaded (4 created, 0 others), 0 problems, from 2 files")
    assert counts(run) == {"Patient": 4}
    again = run("load", "one.json")
    assert again.out.startswith("1 loaded (0 created, 1 others)")


def test_folders_are_searched_to_the_bottom(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "in" / "a.json", patient("a"))
    write(tmp_path / "in" / "deep" / "b.ndjson", patient("b"), patient("c"))
    (tmp_path / "in" / "readme.txt").write_text("not for loading")
    assert run("load", "in").out.startswith("3 loaded")


def test_a_bundle_names_the_server_as_it_is_reached(run: Run, tmp_path: Path) -> None:
    request = {"method": "PUT", "url": "http://[::1]:8080/fhir/Patient/p1"}
    write(tmp_path / "in.json", bundle("transaction", {"resource": patient("p1"), "request": request}))
    result = run("load", "in.json", host="::1")
    assert result.out.startswith("1 loaded"), result.err


def test_bundles_are_processed_or_emptied(run: Run, tmp_path: Path) -> None:
    entry = {"resource": patient("t1"), "request": {"method": "PUT", "url": "Patient/t1"}}
    write(tmp_path / "transaction.json", bundle("transaction", entry))
    write(
        tmp_path / "collection.json",
        bundle("collection", {"resource": patient("c1")}, {"resource": patient()}),
    )
    result = run("load", "transaction.json", "collection.json")
    assert result.status == 0
    assert result.out.startswith("3 loaded (3 created")


def test_entries_that_refer_to_one_another_are_stored_together(run: Run, tmp_path: Path) -> None:
    urn = "urn:uuid:0c7a8b6e-3b9d-4a4e-9d38-53dbb2e1a1cf"
    link = [{"type": "seealso", "other": {"reference": urn}}]
    named = {"fullUrl": urn, "resource": patient()}
    write(tmp_path / "x.json", bundle("collection", {"resource": patient("a", link=link)}, named))
    result = run("load", "x.json")
    assert result.out.startswith("2 loaded (2 created, 0 others), 0 problems"), result.err
    bad = {"resource": patient("b", gender="unheard", link=link)}
    write(tmp_path / "y.json", bundle("collection", bad, named))
    result = run("load", "y.json")
    assert result.err.startswith("y.json: Bundle.entry[0].resource.gender: ")
    assert counts(run) == {"Patient": 2}


def test_a_bad_line_is_named_and_stops_nobody(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", patient("a"), patient("b", gender="unheard"), patient("c"))
    with (tmp_path / "x.ndjson").open("a") as file:
        file.write("\n\n{not json\n")
    result = run("load", "x.ndjson")
    assert result.status == 1
    bad_code, bad_json = result.err.splitlines()
    assert bad_code.startswith("x.ndjson:2: Patient.gender: ")
    assert bad_json.startswith("x.ndjson:5: ")
    assert result.out.startswith("2 loaded (2 created, 0 others), 2 problems")
    assert counts(run) == {"Patient": 2}


def test_a_bad_entry_is_named(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "x.json", bundle("collection", {"resource": patient("a")}, {"resource": {"id": "b"}}))
    result = run("load", "x.json")
    assert result.status == 1
    assert result.err == "x.json: Bundle.entry[1].resource: this is no resource: " + NEEDED


def test_a_list_is_no_resource(run: Run, tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text(f"[{json.dumps(patient('a'))}]")
    assert run("load", "x.json").err == f"x.json: this is no resource: {NEEDED}"


def test_a_batch_tells_which_entries_failed(run: Run, tmp_path: Path) -> None:
    good = {"resource": patient("a"), "request": {"method": "PUT", "url": "Patient/a"}}
    bad = {"resource": patient("b", gender="x"), "request": {"method": "PUT", "url": "Patient/b"}}
    write(tmp_path / "x.json", bundle("batch", good, bad))
    result = run("load", "x.json")
    assert result.status == 1
    assert result.err.startswith("x.json: Bundle.entry[1]: ")
    assert result.out.startswith("1 loaded (1 created")


def test_atomic_leaves_nothing_behind(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", patient("a"), patient("b", gender="unheard"), patient("c"))
    result = run("load", "--atomic", "x.ndjson")
    assert result.status == 1
    assert result.err.startswith("x.ndjson:2: Patient.gender: ")
    assert result.out.startswith("0 loaded")
    assert counts(run) == {}


def test_atomic_loads_everything_when_all_is_well(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "x.ndjson", patient("a"), patient("b"))
    assert run("load", "--atomic", "x.ndjson").status == 0
    assert counts(run) == {"Patient": 2}


def test_a_missing_file_is_one_line(run: Run) -> None:
    result = run("load", "nowhere.json")
    assert (result.status, result.err) == (2, "fhir-server: nowhere.json: no such file or folder.\n")


def test_a_folder_without_files_is_one_line(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    result = run("load", "empty")
    told = "fhir-server: there is no .json, .ndjson or .jsonl file there.\n"
    assert (result.status, result.err) == (2, told)


def test_memory_cannot_be_loaded(run: Run, tmp_path: Path) -> None:
    write(tmp_path / "x.json", patient("a"))
    result = run("load", "x.json", "--store", "memory:")
    assert result.status == 1
    assert "forgets" in result.err
