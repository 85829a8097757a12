"""The committed facts are the output of the script on HL7's package, without edits."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
FACTS = ROOT / "fhir_server" / "definitions" / "r4"


def compiled(output: Path) -> Path:
    """The facts compiled anew; skips where the package cannot be had."""
    command = [sys.executable, "-m", "scripts.compile_r4", "--output", str(output)]
    if package := os.environ.get("FHIR_SERVER_TEST_R4_PACKAGE"):
        command += ["--package", package]
    environment = {**os.environ, "PIP_RETRIES": "0", "PIP_DEFAULT_TIMEOUT": "10"}
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120)
    if run.returncode and "CalledProcessError" in run.stderr:
        pytest.skip("pip cannot download the definitions package; the checksums are still tested")
    assert run.returncode == 0, run.stderr
    return output


def test_recompiling_gives_the_committed_facts(tmp_path: Path) -> None:
    fresh = compiled(tmp_path)
    names = {path.relative_to(fresh) for path in fresh.rglob("*.json")}
    assert names == {path.relative_to(FACTS) for path in FACTS.rglob("*.json")}
    assert [
        name for name in sorted(names) if (fresh / name).read_bytes() != (FACTS / name).read_bytes()
    ] == []


def test_every_fact_has_the_checksum_that_its_provenance_states() -> None:
    stated = json.loads((FACTS / "provenance.json").read_text())["sha256"]
    found = {
        path.relative_to(FACTS).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in FACTS.rglob("*.json")
        if path.name != "provenance.json"
    }
    assert found == stated


def test_provenance_names_the_source_and_its_licence() -> None:
    source = json.loads((FACTS / "provenance.json").read_text())["source"]
    assert (source["package"], source["version"], source["licence"]) == (
        "hl7.fhir.r4.core",
        "4.0.1",
        "CC0-1.0",
    )
