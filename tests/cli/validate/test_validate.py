"""`fhir-server validate`: its input, its reports in each format, and its exit status."""

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Run = Callable[..., Any]

ROOT = Path(__file__).parents[3]
STORY = ROOT / "tests" / "data" / "story"
DIV = '<div xmlns="http://www.w3.org/1999/xhtml">Synthétique</div>'
PATIENT = {"resourceType": "Patient", "id": "p1", "text": {"status": "generated", "div": DIV}}
WRONG = '{\n  "resourceType": "Patient",\n  "gender": "femelle"\n}\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good and bad files of every kind."""
    (tmp_path / "good.json").write_text(json.dumps(PATIENT))
    (tmp_path / "bad.json").write_text(WRONG)
    lines = [json.dumps(PATIENT), "", json.dumps(PATIENT | {"naem": 1}), '{"resourceType": "Patient"']
    (tmp_path / "bad.ndjson").write_text("\n".join(lines))
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "notes.txt").write_text("not looked at")
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"fullUrl": "urn:x:1", "resource": PATIENT}],
    }
    (tmp_path / "deep" / "bundle.json").write_text(json.dumps(bundle, indent=1))
    return tmp_path


@pytest.mark.usefixtures("folder")
def test_what_is_good_is_only_counted(run: Run) -> None:
    result = run("validate", "good.json", "deep")
    assert (result.status, result.out) == (0, "2 checked, 0 with errors.\n")


@pytest.mark.usefixtures("folder")
def test_every_issue_has_its_line_and_column(run: Run) -> None:
    result = run("validate", "bad.json", "bad.ndjson")
    assert result.status == 1
    lines = [line for line in result.out.splitlines() if ": warning: " not in line]
    assert lines[0].startswith("bad.json:3:3: Patient.gender: error: 'femelle' is not in the value set")
    assert lines[1].startswith(f"bad.ndjson:3:{len(json.dumps(PATIENT)) + 2}: Patient.naem: error: ")
    assert lines[2].startswith("bad.ndjson:4:27: error: ")
    assert lines[3] == "4 checked, 3 with errors."


@pytest.mark.usefixtures("folder")
def test_a_folder_is_searched_to_the_bottom(run: Run) -> None:
    assert run("validate", ".").out.endswith("6 checked, 3 with errors.\n")


@pytest.mark.usefixtures("folder")
def test_messages_are_told_in_french(run: Run) -> None:
    assert "n'est pas dans le jeu de valeurs" in run("validate", "bad.json", "--language", "fr").out


@pytest.mark.usefixtures("folder")
def test_profiles_are_asked_for(run: Run) -> None:
    profile = "https://sesame.example/fhir/StructureDefinition/sesame-patient-ins"
    assert run("validate", "good.json", "--profile", profile).status == 1
    unknown = run("validate", "good.json", "--profile", profile, "--profile", "urn:nowhere")
    assert "urn:nowhere" in unknown.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nowhere.json",), "nowhere.json: no such file or folder."),
        (("deep/empty",), "there is no .json, .ndjson or .jsonl file there."),
        (("good.json", "--format", "xml"), "--format"),
        ((), "Missing argument"),
        (("good.json", "--wrong"), "--wrong"),
    ],
)
def test_misuse_ends_with_2(run: Run, folder: Path, arguments: tuple[str, ...], said: str) -> None:
    (folder / "deep" / "empty").mkdir()
    result = run("validate", *arguments)
    assert result.status == 2
    assert said in result.err


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"", "1:1"),
        (b'{"resourceType": "Patient"', "1:27"),
        (b'{"resourceType": "Patient",\n "id": "a", "id": "b"}', "2:13"),
        (b'{"resourceType": "Patient", "id": "\xff"}', "1:36"),
        (b"\x00\x01", "1:1"),
        (b"[" * 5000, "1:1"),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, "1:1"),
        (b'"text"', "1:1"),
        (b"[]", "1:1"),
        (b'{"resourceType": "Nope"}', "1:1"),
        (b'{"resourceType": ["Patient"]}', "1:1"),
    ],
)
def test_rubbish_is_told_with_its_place_and_stops_nothing(
    run: Run, folder: Path, body: bytes, place: str
) -> None:
    (folder / "a-rubbish.json").write_bytes(body)
    result = run("validate", "a-rubbish.json", "good.json")
    assert result.status == 1
    lines = result.out.splitlines()
    assert lines[0].startswith("a-rubbish.json:")
    assert lines[-1] == "2 checked, 1 with errors."
    if body[:1] == b"{" and b"resourceType" in body:
        assert lines[0].startswith(f"a-rubbish.json:{place}: ")


@pytest.mark.usefixtures("folder")
def test_a_file_that_cannot_be_read_stops_no_other(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    reading = Path.read_bytes

    def read(path: Path) -> bytes:
        if path.name == "bad.json":
            raise PermissionError(13, "Permission denied")
        return reading(path)

    monkeypatch.setattr(Path, "read_bytes", read)
    result = run("validate", "bad.json", "good.json")
    assert result.status == 1
    assert result.out.startswith("bad.json:1:1: fatal: The file cannot be read: Permission denied.")
    assert result.out.endswith("2 checked, 1 with errors.\n")


@pytest.mark.usefixtures("folder")
def test_json_lists_every_issue(run: Run) -> None:
    result = run("validate", "bad.json", "good.json", "--format", "json")
    report = json.loads(result.out)
    assert (report["checked"], report["failed"]) == (2, 1)
    issue = next(issue for issue in report["issues"] if issue["severity"] == "error")
    assert (issue["file"], issue["line"], issue["column"]) == ("bad.json", 3, 3)
    assert (issue["code"], issue["expression"], issue["resource"]) == (
        "code-invalid",
        ["Patient.gender"],
        "Patient",
    )


def test_sarif_points_at_lines(run: Run, folder: Path) -> None:
    (folder / "bad.json").rename(folder / "très bad.json")
    log = json.loads(run("validate", "très bad.json", "--format", "sarif").out)
    assert log["version"] == "2.1.0"
    (found,) = log["runs"]
    rules = [rule["id"] for rule in found["tool"]["driver"]["rules"]]
    assert len(rules) == len(set(rules))
    for result in found["results"]:
        assert rules[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("error", "warning", "note")
    wrong = next(result for result in found["results"] if result["level"] == "error")
    physical = wrong["locations"][0]["physicalLocation"]
    assert physical["artifactLocation"]["uri"] == "tr%C3%A8s%20bad.json"
    assert physical["region"] == {"startLine": 3, "startColumn": 3}
    assert wrong["locations"][0]["logicalLocations"][0]["fullyQualifiedName"] == "Patient.gender"


def test_junit_has_a_test_per_resource(run: Run, folder: Path) -> None:
    (folder / "bad.json").write_text(WRONG.replace("femelle", "<&\\u0001>"))
    suites = ElementTree.fromstring(run("validate", ".", "--format", "junit").out.encode())
    assert suites.attrib["tests"] == "6"
    assert suites.attrib["failures"] == "3"
    by_name = {suite.attrib["name"]: suite for suite in suites}
    assert [case.attrib["line"] for case in by_name["bad.ndjson"]] == ["1", "3", "4"]
    failure = by_name["bad.json"].find("testcase/failure")
    assert failure is not None
    assert str(failure.text).startswith("bad.json:3:3: Patient.gender: error: ")
    assert by_name["good.json"].find("testcase/failure") is None


def test_the_cross_check_says_where_the_other_differs(run: Run, folder: Path) -> None:
    agreed = run("validate", "good.json", "bad.ndjson", "--cross-check")
    assert "fhir.resources" not in agreed.out
    assert "fhir.resources (R4B) accepts" in run("validate", "bad.json", "--cross-check").out
    unknown = {"resourceType": "EffectEvidenceSynthesis", "status": "draft"}
    (folder / "r4-only.json").write_text(json.dumps(unknown))
    assert run("validate", "r4-only.json", "--cross-check").out.endswith("1 checked, 1 with errors.\n")


@pytest.mark.usefixtures("folder")
def test_a_wrong_setting_is_one_line(run: Run) -> None:
    result = run("validate", "good.json", programmes="no.such.programme")
    assert result.status == 1
    assert result.err.startswith("fhir-server: FHIR_SERVER_PROGRAMMES names")


@pytest.mark.parametrize("format", ["text", "json", "sarif", "junit"])
def test_a_file_name_that_is_no_text_is_told_all_the_same(run: Run, folder: Path, format: str) -> None:
    (folder / os.fsdecode(b"caf\xe9.json")).write_text(WRONG)
    result = run("validate", ".", "--format", format)
    assert result.status == 1
    assert "caf%E9.json" in result.out if format == "sarif" else "caf?.json" in result.out


def test_a_terminal_that_knows_few_letters_is_told_what_it_can(folder: Path) -> None:
    command = [sys.executable, "-m", "fhir_server", "validate", "bad.json", "--language", "fr"]
    environment = os.environ | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "ascii"}
    told = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert (told.returncode, told.stderr) == (1, "")
    assert "jeu de valeurs" in told.stdout


def test_the_story_is_valid(run: Run) -> None:
    result = run("validate", str(STORY))
    assert result.status == 0
    assert result.out.endswith("10 checked, 0 with errors.\n")
    assert run("validate", str(STORY), "--quiet").out == "10 checked, 0 with errors.\n"


def test_neither_the_store_nor_the_web_framework_is_imported() -> None:
    code = (
        "import sys; from fhir_server.cli.main import commands; commands('validate');"
        "from fhir_server import standalone; from fhir_server.settings import Settings;"
        "standalone.validator(Settings()).validate({'resourceType': 'Patient'});"
        "heavy = ('fastapi', 'starlette', 'uvicorn', 'pydantic', 'sqlite3', 'pymongo', 'httpx', 'rich',"
        " 'fhir_server.api', 'fhir_server.store.sqlite', 'fhir_server.jobs');"
        "print([name for name in heavy if name in sys.modules])"
    )
    printed = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert printed.stdout == "[]\n"
